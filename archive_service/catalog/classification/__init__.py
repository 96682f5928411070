"""The classification plan in its versions, its drafts, and what a case file of each kind should hold."""
