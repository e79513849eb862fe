"""Plain types and pure functions: the words of a study group."""
