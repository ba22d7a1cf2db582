"""A real connection, bound parameters, one statement at a time: what is timed is the round trip and nothing of Python.

Statements stand in .sql files with $1, $2, ...; values are sent as text and come back as text, by libpq itself.
"""

import os
import time
from functools import cache
from pathlib import Path

import psycopg
from psycopg import pq

HERE = Path(__file__).parent


@cache
def statement(path):
    return (HERE / path).read_bytes()


class Session:
    def __init__(self, database, user=None):
        # the socket folder, port and superuser are those of the environment
        self.connection = psycopg.connect(dbname=database, user=user or os.environ.get("PGUSER", "postgres"), autocommit=True)
        self.pgconn = self.connection.pgconn
        self.seconds = 0.0                  # what the last statement took

    def run(self, text, *values):
        """Runs SQL text and keeps the time that it took; rows of text."""
        text = text if isinstance(text, bytes) else text.encode()
        values = [value if value is None or isinstance(value, bytes) else str(value).encode() for value in values]
        since = time.perf_counter()
        result = self.pgconn.exec_params(text, values)
        self.seconds = time.perf_counter() - since
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise RuntimeError(f"{result.error_message.decode()}in {text.decode()[:200]}")
        return result

    def row(self, text, *values):
        result = self.run(text, *values)
        return [None if (value := result.get_value(0, column)) is None else value.decode()
                for column in range(result.nfields)]

    def value(self, text, *values):
        return self.row(text, *values)[0]

    def script(self, text):
        """Several statements without parameters."""
        self.connection.execute(text)

    @property
    def pid(self):
        return self.pgconn.backend_pid

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

