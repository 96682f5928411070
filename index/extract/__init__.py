"""Text out of files: each parse in a process of its own that can read nothing, reach nothing and write nothing."""

from index.extract.runner import Extraction, Limits, extract

__all__ = ["Extraction", "Limits", "extract"]
