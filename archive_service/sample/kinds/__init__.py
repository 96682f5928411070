"""One module per kind of file; each turns a paper into that kind."""
