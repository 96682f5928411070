"""Keys: the keyring, who keeps its root key, and what brings that key back."""
