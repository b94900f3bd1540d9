"""A check that finds no fault, where whether a package is true is not the subject."""

from __future__ import annotations


class Believer:
    """In the place of `PackageCheck`."""

    def __init__(self, *_args: object, **_more: object) -> None: ...

    def __call__(self, _package: object) -> None: ...

    def displaces(self, _package: object, _queue: object) -> None: ...

    def foreign(self, _package: object, _number: str) -> None: ...
