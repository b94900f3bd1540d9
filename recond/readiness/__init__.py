"""Is this machine ready to be handed over? A machine and a profile give an assessment.

Why: pure functions from values to values, so that every trap of the field is a test without
hardware. The room reads no file, asks no clock and opens no device: a profile comes as bytes, the
day as an argument. Where profiles lie is known by `recond.flow.profiles`. It is a package because
one module has at most 400 lines (docs/decisions/0010-readiness-package.md).
"""

from __future__ import annotations

from recond.readiness.assess import assess_machine
from recond.readiness.describe import describe, lay_out
from recond.readiness.facts import ANSWERS
from recond.readiness.lines import Lines
from recond.readiness.marks import CpuMarks, parse_cpu_marks
from recond.readiness.parse import check_profile, parse_profile
from recond.readiness.profile import Mistake, Profile
from recond.readiness.source import Broken, read_source
from recond.readiness.write import new_profile_toml

__all__ = [
    "ANSWERS",
    "Broken",
    "CpuMarks",
    "Lines",
    "Mistake",
    "Profile",
    "assess_machine",
    "check_profile",
    "describe",
    "lay_out",
    "new_profile_toml",
    "parse_cpu_marks",
    "parse_profile",
    "read_source",
]
