"""Transfer 移交: a package, its receipt, and only then the list of what may be removed; and packages received."""
