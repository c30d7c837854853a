"""Executing lessons and holding their outputs to what is committed."""
