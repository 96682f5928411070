"""Full-text index that stands alone: text out of files, analysis of Chinese and English, queries, engines.

The package knows nothing of records or people. It takes bytes and text, gives terms and identifiers back, and
leaves every question of rights to whoever calls it.
"""
