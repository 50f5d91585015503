"""Thin edges: parse, one pipeline call, render."""
