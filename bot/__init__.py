"""The shared core of studybot: what a study group is and does."""

__version__ = "0.1.0"
