"""Write the published JSON Schemas, of a record and of every answer: `python packaging/schema.py`.

Into docs/, and into the package for whoever has recond alone; a test holds all of it equal.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
FILE = ROOT / "docs" / "record.schema.json"

from recond.certify.schema import text  # noqa: E402 - after the path
from recond.show.forms import answers_text  # noqa: E402 - after the path


def files() -> dict[Path, str]:
    """Each file and what it has to hold; in the package without the spaces for readers."""
    made = {"record.schema.json": text(), "answers.schema.json": answers_text()}
    docs, data = ROOT / "docs", ROOT / "recond" / "data" / "schemas"
    packed = {
        data / name: json.dumps(json.loads(said), ensure_ascii=False, separators=(",", ":")) + "\n"
        for name, said in made.items()
    }
    return {docs / name: said for name, said in made.items()} | packed


if __name__ == "__main__":
    for file, said in files().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(said, encoding="utf-8")
