"""Suggestions: what a paper says of itself, and the classes that it resembles. They file nothing."""
