"""How values of each group of types are written to and read from PostgreSQL's formats."""
