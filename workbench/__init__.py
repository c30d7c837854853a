"""The tooling of Database Patterns: servers, lessons, outputs and the site."""
