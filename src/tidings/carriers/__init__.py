"""One file a carrier, found by its name in the settings."""
