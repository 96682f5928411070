"""Pages on which papers come in: one record, folders dropped or sent, proposals, pointers."""
