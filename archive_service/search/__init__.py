"""Permitted search: from the outbox into the index, and from the index to what a person may see."""
