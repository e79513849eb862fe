"""The Store: one code path over SQLite and PostgreSQL."""
