"""The path of a message, one verb a file."""
