"""The site: from a lesson with its outputs to a page, and the checks on what was built."""
