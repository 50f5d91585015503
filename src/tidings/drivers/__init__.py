"""The input and output that carriers and doors share."""
