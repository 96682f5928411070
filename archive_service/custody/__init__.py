"""Custody of what can be held in a hand: storerooms, shelves, boxes, and the care of them."""
