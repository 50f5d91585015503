"""Two engines, one set of questions."""
