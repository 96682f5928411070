"""The daily check: what has become due, by a clock that nobody can wind, and what stops it."""
