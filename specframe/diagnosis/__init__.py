"""What keeps an installation from working, found out with the standard library alone, and how to mend it."""

from specframe.diagnosis.diagnosis import Diagnosis, diagnose
from specframe.diagnosis.finding import Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]
