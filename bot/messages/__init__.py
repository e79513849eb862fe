"""What studybot says, as platform-neutral messages."""
