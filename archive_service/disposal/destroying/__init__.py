"""Destruction: ordered after a last look, in steps that can be repeated, certified in two stages."""
