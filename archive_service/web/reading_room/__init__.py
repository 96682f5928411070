"""Pages of the reading room: asking for access, reading, what was used."""
