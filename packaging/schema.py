"""Write docs/record.schema.json: `python packaging/schema.py`; a test holds it equal."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
FILE = ROOT / "docs" / "record.schema.json"

from recond.certify.schema import text  # noqa: E402 - after the path

if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
