"""A headless Chromium over its debugging pipe: no driver, no port, no network.

Files are given to the page's own file button, and what the page shows is read back.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

PATIENCE_S = 60
READ = """(async () => {
  for (let n = 0; document.body.dataset.busy !== "false"; n += 1) {
    if (n > 2000) throw new Error("no answer");
    await new Promise((done) => setTimeout(done, 5));
  }
  return [...document.querySelectorAll("article")].map((one) => ({
    state: one.dataset.state,
    text: one.innerText,
    approved: one.querySelectorAll("td.approved").length,
    answers: Object.fromEntries([...one.querySelectorAll("[data-axis]")].map((line) =>
      [line.dataset.axis, line.dataset.answer])),
  }));
})()"""


@dataclass(frozen=True)
class Shown:
    """One certificate as the page shows it."""

    state: str
    text: str
    approved: int
    answers: dict[str, str]


class Browser:
    """One browser with one page."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        self.folder = folder
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()

        def pipes() -> None:  # the protocol's ends are 3 and 4
            read, write = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [
                CHROMIUM,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-extensions",
                f"--user-data-dir={folder / 'profile'}",
                "--remote-debugging-pipe",
                "about:blank",
            ],
            close_fds=False,
            preexec_fn=pipes,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LANG": "C"},
        )
        for end in (theirs_in, theirs_out):
            os.close(end)
        self.out: BinaryIO = os.fdopen(ours_out, "wb", buffering=0)
        self.into: BinaryIO = os.fdopen(ours_in, "rb")
        self.buffer = b""
        self.calls = 0
        self.session: str | None = None
        self.events: list[dict[str, Any]] = []

    def begin(self) -> None:
        """Open the one page; the first answer shows that the browser runs."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "DOM", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """One command and its answer; events that come meanwhile are kept."""
        self.calls += 1
        message = {"id": self.calls, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.calls:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def receive(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], PATIENCE_S)
            piece = os.read(self.into.fileno(), 1 << 20) if ready else b""
            assert piece, "the browser ended, or no longer answers"
            self.buffer += piece
        raw, _, self.buffer = self.buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(raw)
        return found

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, url: str) -> None:
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(one.get("method") == "Page.loadEventFired" for one in self.events):
            self.events.append(self.receive())

    def give(self, *files: Path) -> list[Shown]:
        """Choose files with the page's button; what it then shows."""
        self.ask("document.body.dataset.busy = 'true'")
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector="#files")["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])
        return self.shown()

    def shown(self) -> list[Shown]:
        """What the page shows when it is done."""
        return [Shown(**one) for one in self.ask(READ)]

    def speak(self, lang: str) -> None:
        self.ask(f"document.querySelector('[data-language={lang}]').click()")

    def close(self) -> None:
        self.session = None
        try:
            self.out.write(b'{"id":0,"method":"Browser.close"}\0')
        except OSError:
            self.process.kill()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.out.close()
        self.into.close()
