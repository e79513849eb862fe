"""Discord: a bot that posts questions, takes replies in their threads and answers commands."""
