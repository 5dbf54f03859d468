"""The server's database: SQLite by default, PostgreSQL by its URL, the same work on both."""
