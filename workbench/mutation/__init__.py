"""Whether the tests of a snippet notice that a part of it is missing."""
