"""Holds 冻结: placed by mandate, widened by search, looked at again, released by another."""
