"""Stores for sealed objects: local directories and buckets, each with its identity and a second look."""
