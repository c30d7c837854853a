"""Running lessons in the page: what a tab downloads, and how it is built."""
