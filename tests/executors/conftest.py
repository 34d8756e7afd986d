"""Workers of these tests are imported by other processes, which get this one's path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
