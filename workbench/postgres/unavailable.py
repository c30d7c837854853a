"""The one error that says why there is no PostgreSQL to work with."""


class ServerUnavailable(Exception):
    """No usable PostgreSQL server.

    ``str()`` is one sentence for a person: what is wrong and what to do. It never holds a
    password.
    """
