"""Copy tested snippets into a project of yours, and keep them current.

The command is ``database-patterns``; the text that it copies lies beside this package.
"""
