"""The studybot command line."""
