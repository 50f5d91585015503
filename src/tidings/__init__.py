"""tidings: a self-hosted messaging platform, from the API to the carrier."""

__version__ = "0.1.0"
