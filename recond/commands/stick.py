"""The workshop's stick, renewed: update-stick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from recond.commands.complete import complete_paths
from recond.commands.frame import (
    AsJson,
    argument,
    command,
    fail,
    option,
    screen,
    state_path,
    t,
    this_host,
)
from recond.model import Message


@command("update-stick")
def update_stick_command(
    stick: Annotated[str, argument("stick.option.stick", "DEVICE", complete=complete_paths)],
    iso: Annotated[Path, argument("stick.option.iso", "FILE", complete=complete_paths)],
    note: Annotated[Path | None, option("stick.option.note", "--note", metavar="NOTE")] = None,
    signer: Annotated[Path | None, option("update_signer", "--signer", metavar="CERT")] = None,
    sha256: Annotated[str | None, option("stick.option.sum", "--sha256", metavar="TEXT")] = None,
    confirm: Annotated[
        str | None, option("stick.option.confirm", "--confirm", metavar="SERIAL")
    ] = None,
    image: Annotated[bool, option("image", "--image")] = False,
    json_: AsJson = False,
) -> None:
    """Put a newer image onto a stick; what the workshop keeps on it stays."""
    from recond.flow.live.renew import believe, update_stick
    from recond.show.stick import ask_stick, show_stick_updated, watched

    shown, state = screen(), state_path()
    believed = believe(iso, note, sha256, signer, state, this_host().clock.now())
    try:
        with watched(shown) as tell:
            found = update_stick(
                stick,
                believed,
                lambda disk: confirm or ask_stick(shown, stick, disk, believed.version),
                state,
                this_host(),
                tell,
                is_image=image,
            )
    except EOFError:
        fail(Message.of("stick.update.not_typed", path=stick), exit_code=4)
    except KeyboardInterrupt:
        shown.talk(t("stick.update.stopped"))
        fail(Message("stick.update.stopped"), exit_code=130)
    shown.give("update-stick", found, show_stick_updated, as_json=json_)
