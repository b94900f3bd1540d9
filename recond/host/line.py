"""A line that is kept open to one server, for small messages that may be lost; and plain HTTP to
this computer itself.

Why beside `recond.host.http`: a handshake for each message of each bench would cost the board more
than all the rest. The same rules hold: HTTPS, a certificate that is always verified, no
redirection, an end to each exchange. The one exception is a server on this very computer, named by
its loopback address (RFC 1122 §3.2.1.3): nothing of that passes a wire. A line that broke is opened
anew with the next message, and not before some seconds.
"""

from __future__ import annotations

import http.client
import ssl
import time
from urllib.parse import urlsplit

from recond.errors import UploadFailed
from recond.host.http import ANSWER_BYTES, HttpAnswer, Https, NoAnswer, Request, check_url

PATIENCE_S = 3.0
RECORD_PATIENCE_S = 90.0
AGAIN_S = 5.0
_LOOPBACK = ("127.0.0.1", "::1")


def is_loopback(url: str) -> bool:
    """Whether an address is plain HTTP to this computer, by number: a name may lead elsewhere."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK and parts.port != 0
    except ValueError:
        return False
    return plain and "@" not in parts.netloc and url.isascii() and url.isprintable()


def check_near_url(url: str) -> str:
    """An address as it is: https, or this computer's own. Raises `UsageError` for any other."""
    return url if is_loopback(url) else check_url(url)


def open_client(url: str, ca_file: str | None, proxy: str = "") -> Https | Loopback:
    """Who sends single requests to such an address; `proxy` as in `Https`."""
    return Loopback() if is_loopback(url) else Https(ca_file, proxy=proxy)


class Loopback:
    """A client of a server on this computer."""

    def send(self, request: Request) -> HttpAnswer:
        """One exchange. Raises `NoAnswer`; an answer of any status is an answer."""
        parts = urlsplit(check_near_url(request.url))
        line = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=RECORD_PATIENCE_S
        )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            return _exchange(line, request.method, target, request.body, dict(request.headers))
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(
                "upload.net.broken", host=parts.netloc, reason=type(error).__name__
            ) from None
        finally:
            line.close()


class Line:
    """POSTs JSON to one address. Used by one thread."""

    def __init__(self, url: str, headers: tuple[tuple[str, str], ...], ca_file: str | None) -> None:
        parts = urlsplit(check_near_url(url))
        self._plain = is_loopback(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._path, self._ca_file = parts.path or "/", ca_file
        self._headers = {"Content-Type": "application/json", **dict(headers)}
        self._open: http.client.HTTPConnection | None = None
        self._not_before_s = 0.0

    def post(self, body: bytes) -> int:
        """One message; the answer's status. Raises `UploadFailed` where there is none."""
        if self._open is None:
            if time.monotonic() < self._not_before_s:
                raise UploadFailed("upload.net.broken", host=self._host, reason="—")
            self._not_before_s = time.monotonic() + AGAIN_S
            self._open = self._connection()
        try:
            return _exchange(self._open, "POST", self._path, body, self._headers).status
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise UploadFailed(
                "upload.net.broken", host=self._host, reason=type(error).__name__
            ) from None

    def _connection(self) -> http.client.HTTPConnection:
        if self._plain:
            return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_S)
        try:
            context = ssl.create_default_context(cafile=self._ca_file)
        except (OSError, ssl.SSLError):
            raise UploadFailed(
                "upload.net.broken", host=self._host, reason=str(self._ca_file)
            ) from None
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=PATIENCE_S, context=context
        )

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _exchange(
    line: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes,
    headers: dict[str, str],
) -> HttpAnswer:
    line.request(method, target, body=body or None, headers={"User-Agent": "recond", **headers})
    with line.getresponse() as answer:
        read = answer.read(ANSWER_BYTES + 1)
        if len(read) > ANSWER_BYTES:
            raise http.client.HTTPException("answer too long")
        return HttpAnswer(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, read
        )
