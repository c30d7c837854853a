"""What lets lessons run in a browser tab: one PostgreSQL backend, no sockets, no threads."""
