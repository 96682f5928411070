"""Archive service: catalogue, vault, retention and disposal for archives of work-safety inspections."""
