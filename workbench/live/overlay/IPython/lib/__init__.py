"""Holds ``pretty``, which is IPython's own."""
