"""The one table of chat commands and its handlers."""
