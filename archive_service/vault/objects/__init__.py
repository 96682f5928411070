"""Sealed objects: bytes on their way in and out, and copies of them."""
