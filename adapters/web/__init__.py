"""The web playground and the JSON API."""
