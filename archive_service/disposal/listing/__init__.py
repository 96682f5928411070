"""Disposal lists 处置清册: drawn up, appraised, approved, supervised, and left by what may no longer go."""
