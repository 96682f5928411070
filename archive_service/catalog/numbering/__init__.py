"""Numbering as people keep it: schemes in versions, blocks reserved, numbers that no record bears."""
