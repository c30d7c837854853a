"""Tested patterns to copy, and the example domain that the lessons run them on."""
