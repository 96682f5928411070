"""One small module for each kind of document, each with ``read(data) -> text``."""
