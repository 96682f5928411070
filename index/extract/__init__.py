"""Text out of files: each parse in a process of its own that can read nothing, reach nothing and write nothing."""

from index.extract.runner import Extraction, Limits, extract
from index.extract.strength import CageStrength, cage_strength

__all__ = ["CageStrength", "Extraction", "Limits", "cage_strength", "extract"]
