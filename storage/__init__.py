"""The Store: SQLAlchemy Core over SQLite (default) and PostgreSQL, one code path."""
