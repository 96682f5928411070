"""Records and case files once they are filed: found, kept for a time, answered, described, linked, put elsewhere."""
