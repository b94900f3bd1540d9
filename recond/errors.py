"""Every error that recond raises on purpose, with its exit code.

Why: a script reads the exit code, a person reads the sentence; both come from one place. The codes
are in docs/exit-codes.md and are never reused. An error carries a code of the catalogue and its
arguments, so that it is said in the reader's language. Anything else that escapes is a bug of ours
and exits with 1.
"""

from __future__ import annotations

from recond.model import Message


class RecondError(Exception):
    """A failure that was foreseen. `code` is a catalogue code, such as `wipe.refusal.mounted`."""

    exit_code = 1

    def __init__(self, code: str, **args: str | int) -> None:
        self.message = Message.of(code, **args)
        super().__init__(f"{code} {args}" if args else code)

    @property
    def reasons(self) -> tuple[Message, ...]:
        """Every reason; the first is the one that the error is called by."""
        return (self.message,)


class UsageError(RecondError):
    """The command, a configuration file or a profile is written wrongly."""

    exit_code = 2


class FormatError(RecondError):
    """A file or text of ours does not have the form it should have."""

    exit_code = 7


class NotReady(RecondError):
    """The machine does not meet the profile."""

    exit_code = 3


class SafetyRefusal(RecondError):
    """The guard says no. `refusals` are all the reasons found."""

    exit_code = 4

    def __init__(self, refusals: tuple[Message, ...]) -> None:
        self.refusals = refusals
        first = refusals[0] if refusals else Message("wipe.refusal.unknown")
        super().__init__(first.code, **dict(first.args))

    @property
    def reasons(self) -> tuple[Message, ...]:
        """All that the guard found."""
        return self.refusals or (self.message,)


class RecordInvalid(RecondError):
    """A record, journal, signature, certificate or ledger is not what it should be."""

    exit_code = 7


class UploadFailed(RecondError):
    """A destination did not take the record; it stays in the queue."""

    exit_code = 8


class BenchLacks(RecondError):
    """The bench lacks something: a tool, root, room on a disk."""

    exit_code = 9
