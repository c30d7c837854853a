"""The two parts of IPython that lessons and their tooling use in a tab."""
