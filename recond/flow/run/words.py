"""An operator's word on what no reading can tell: this medium is out, nothing hides there.

Why: a suspicion, or a disk that failed and was crushed, is closed by a person and by nothing else.
The word goes into the run's facts with name and time, and from there into the record; it is taken
only by the key of a medium or suspicion of this run's census, so that it cannot close another. The
certificate that stands says nothing of it: from then on it is one that is being replaced, so that a
power cut before the next one is no end of the matter.
"""

from __future__ import annotations

from dataclasses import replace

from recond.census import OperatorWord, Said
from recond.codec import to_json
from recond.computer import closable
from recond.errors import UsageError
from recond.flow.runfolder import RunFolder, write_json
from recond.host.clock import Clock
from recond.model import Known


def take_words(
    folder: RunFolder, given: tuple[tuple[Said, str], ...], name: str | None, clock: Clock
) -> None:
    """Put words (what is said, of which key) into a run's facts; a later one replaces an earlier.

    Raises `UsageError` for a word without a name, or on something that the census does not hold.
    """
    if not given:
        return
    facts = folder.facts()
    who = (name or facts.context.operator.name or "").strip()
    if not any(sign.isalpha() for sign in who):
        raise UsageError("cli.word.no_name")
    reading = facts.machine.census if facts.machine else None
    census = reading.value if isinstance(reading, Known) else None
    for said, key in given:
        if census is None or closable(census, said).count(key) != 1:
            raise UsageError("cli.word.unknown", key=key, run=folder.run_id)
    new = tuple(OperatorWord(key, said, who, clock.now()) for said, key in given)
    spoken = {one.about for one in new}
    kept = tuple(one for one in facts.context.words if one.about not in spoken)
    context = replace(facts.context, words=(*kept, *new))
    note = folder.note()
    if note is not None:
        write_json(folder.issued, to_json(replace(note, replacing=True)))
    write_json(folder.path / "run.json", to_json(replace(facts, context=context)))
