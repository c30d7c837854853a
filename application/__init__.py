"""The reference application: a small task tracker, put together from the snippets."""
