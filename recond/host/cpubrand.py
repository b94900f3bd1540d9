"""The processor's brand string by its own instruction, through py-cpuinfo.

Why: a few kernels and containers have no name in /proc/cpuinfo. It takes a second and starts a
dozen processes, so it is asked only there, and only of this computer.
"""

from __future__ import annotations

from recond.host.log import log_swallowed


def read_brand() -> str | None:
    """The brand string, or None where py-cpuinfo finds none either."""
    try:
        import cpuinfo

        found = cpuinfo.get_cpu_info().get("brand_raw")
    except Exception as error:  # what it raises on processors that it does not know
        log_swallowed("cpubrand", error)
        return None
    return found if isinstance(found, str) and found.strip() else None
