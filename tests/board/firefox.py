"""A headless Firefox over WebDriver BiDi (W3C), on a port of this computer; no driver beside it.

The socket's frames (RFC 6455) are written here: what is needed of them fits on a screen.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
PATIENCE_S = 60


class Firefox:
    """One browser with one page."""

    def __init__(self, folder: Path) -> None:
        assert FIREFOX is not None
        profile = folder / "firefox"
        profile.mkdir()
        self.process = subprocess.Popen(
            [
                FIREFOX,
                "--headless",
                "--no-remote",
                "--profile",
                str(profile),
                "--remote-debugging-port",
                "0",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder), "LANG": "C"},
        )
        self.line = socket.socket()
        try:
            self._begin(profile / "WebDriverBiDiServer.json")
        except BaseException:
            self.close()
            raise

    def _begin(self, said: Path) -> None:
        end = time.monotonic() + PATIENCE_S
        while not said.exists() or not said.read_text():
            assert self.process.poll() is None, "the browser ended"
            assert time.monotonic() < end, "the browser does not answer"
            time.sleep(0.05)
        port = json.loads(said.read_text())["ws_port"]
        self.line = socket.create_connection(("127.0.0.1", port))
        self.line.settimeout(PATIENCE_S)
        self.buffer, self.calls = b"", 0
        self._shake_hands(port)
        self.call("session.new", capabilities={})
        self.page = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def _shake_hands(self, port: int) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.line.sendall(
            f"GET /session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        assert b" 101 " in head.splitlines()[0], head

    def _more(self) -> None:
        piece = self.line.recv(1 << 16)
        assert piece, "the browser hung up"
        self.buffer += piece

    def _bytes(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._more()
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def _receive(self) -> dict[str, Any]:
        text = b""
        while True:
            first, second = self._bytes(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(self._bytes(2 if size == 126 else 8), "big")
            piece = self._bytes(size)
            if first & 15 in (0, 1):  # a text, or more of it; the others are the line's own
                text += piece
                if first & 128:
                    found: dict[str, Any] = json.loads(text)
                    return found

    def call(self, method: str, **params: Any) -> Any:
        """One command and its answer; what else the browser says is passed over."""
        self.calls += 1
        raw = json.dumps({"id": self.calls, "method": method, "params": params}).encode()
        form, mark = (">BBH", 126) if len(raw) < 1 << 16 else (">BBQ", 127)
        head = struct.pack(form, 0x81, 0x80 | mark, len(raw))
        if len(raw) < 126:
            head = bytes((0x81, 0x80 | len(raw)))
        mask = os.urandom(4)
        masked = bytes(one ^ mask[at & 3] for at, one in enumerate(raw))
        self.line.sendall(head + mask + masked)
        while True:
            answer = self._receive()
            if answer.get("id") == self.calls:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url: str) -> None:
        self.call("browsingContext.navigate", context=self.page, url=url, wait="complete")

    def ask(self, expression: str) -> Any:
        """The JSON value of an expression in the page."""
        found = self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.page},
            awaitPromise=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"].get("value", "null"))

    def until(self, expression: str) -> None:
        """Wait for an expression to be true, also across a page that is loaded meanwhile."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if self.ask(f"Boolean({expression})"):
                    return
            except AssertionError:  # the page went away under the question
                pass
            time.sleep(0.05)
        raise AssertionError(f"it did not come: {expression}")

    def type(self, text: str) -> None:
        """Press keys."""
        keys = [{"type": kind, "value": one} for one in text for kind in ("keyDown", "keyUp")]
        self.call(
            "input.performActions",
            context=self.page,
            actions=[{"type": "key", "id": "keys", "actions": keys}],
        )

    def choose(self, selector: str, file: Path) -> None:
        """Give a file to a file button."""
        (node,) = self.call(
            "browsingContext.locateNodes",
            context=self.page,
            locator={"type": "css", "value": selector},
        )["nodes"]
        element = {"sharedId": node["sharedId"]}
        self.call("input.setFiles", context=self.page, element=element, files=[str(file)])

    def close(self) -> None:
        self.line.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
