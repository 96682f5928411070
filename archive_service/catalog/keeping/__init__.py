"""Keeping: copies in the stores, what is read again when, and the capsules that make the catalogue again."""
