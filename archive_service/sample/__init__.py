"""Makes the papers of the sample archive: invented enterprises, real files, openly marked as invented.

``make_sample(folder, seed)`` writes one folder per inspection with a manifest for the folder import, and returns a
``Sample`` that names fonds, enterprises, people and case files. It files nothing itself: that goes the normal way.
"""

from archive_service.sample.maker import make_sample
from archive_service.sample.manifest import COLUMNS_EN, COLUMNS_ZH
from archive_service.sample.model import CaseFile, Enterprise, Fonds, Person, Sample
from archive_service.sample.people import FONDS, PEOPLE

__all__ = [
    "COLUMNS_EN",
    "COLUMNS_ZH",
    "FONDS",
    "PEOPLE",
    "CaseFile",
    "Enterprise",
    "Fonds",
    "Person",
    "Sample",
    "make_sample",
]
