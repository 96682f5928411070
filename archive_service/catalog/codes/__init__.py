"""Archival codes: the pattern language, the schemes that it makes, and numbers taken once."""
