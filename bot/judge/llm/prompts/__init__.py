"""Versioned prompts. A changed prompt is a new file: grades name the version they were made by."""
