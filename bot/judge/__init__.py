"""Judges that need nothing but Python, and what every judge shares."""
