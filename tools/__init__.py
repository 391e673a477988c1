"""Tools for those who work on the bot; no part of it."""
