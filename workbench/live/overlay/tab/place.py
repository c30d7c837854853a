"""Where the database of the tab is found."""

HOST = "this-tab"
USER = "postgres"
DATABASE = "postgres"
