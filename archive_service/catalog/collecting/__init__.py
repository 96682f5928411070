"""Collecting: folders, manifests and watched places, from which many records come at once."""
