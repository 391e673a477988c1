"""A Discord bot, and a terminal, that answer questions by quoting a corpus of documents."""
