"""One module a step; the names begin with their numbers."""
