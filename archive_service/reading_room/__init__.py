"""The reading room: asking for access, granting it for a time, taking it back."""
