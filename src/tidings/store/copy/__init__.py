"""The whole of an installation, row by row: to the other engine, into a file, and back."""
