"""The client of a destination's settings: its authority, its proxy."""

from __future__ import annotations

from recond.host.http import Https, check_proxy
from recond.upload.settings import Settings


def client_of(settings: Settings) -> Https:
    """A client that trusts `ca` and goes through `proxy`. Raises `UsageError`."""
    return Https(settings.get("ca") or None, proxy=check_proxy(settings.get("proxy")))
