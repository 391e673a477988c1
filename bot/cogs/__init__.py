"""What people can do with the bot, one file a feature."""
