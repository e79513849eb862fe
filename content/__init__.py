"""Decks: the shipped guide, the parser, the linter and the search index."""
