"""Judging the built site: in a browser, by its HTML, and by what it costs."""
