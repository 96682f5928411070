"""Formats: what a file is, by its bytes and by PRONOM, and which formats last."""
