"""Engines behind one small interface: they are given terms and identifiers, and give identifiers back."""
