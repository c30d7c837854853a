"""Jupyter kernels that start warm: forked from one process that has the imports done."""
