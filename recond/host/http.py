"""HTTPS: the only place that speaks to a server.

Why: one place decides that a certificate is always verified, that nothing goes over plain HTTP,
that no redirection is followed (the token would go along), that every exchange has an end, and
that an answer has a bound. It knows nothing of records and never logs; a header's value is never
shown. A proxy carries the encrypted line and reads none of it (CONNECT, RFC 9110 §9.3.6); it is
named by the destination, else by `HTTPS_PROXY` and `NO_PROXY`. Why the standard library and no
larger client: docs/decisions/ (HTTPS without a library).
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from recond.errors import UploadFailed, UsageError
from recond.host.reason import os_reason

CONNECT_S = 10.0
ANSWER_S = 30.0
SLOWEST_BYTES_PER_S = 16_000  # a village's line still carries a certificate
ANSWER_BYTES = 16 << 20
DIRECT = "direct"
"""In place of a proxy's address: none, whatever the environment says."""
_TRY_AGAIN_S = 0.05
_TLS = {9: "early", 10: "expired", 62: "name", 64: "name"}  # X509_V_ERR_… of OpenSSL
_TLS |= dict.fromkeys((2, 18, 19, 20, 21), "stranger")


class NoAnswer(UploadFailed):
    """There was no whole answer: no network, name, certificate, time, or a broken connection."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. Header values hold secrets: they are not shown."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the server said. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def form(values: dict[str, str]) -> bytes:
    """Names and values as application/x-www-form-urlencoded; also what follows a `?`."""
    return urlencode(values).encode("ascii")


def segment(text: str) -> str:
    """A text as one part of an address's path (RFC 3986 §2.1)."""
    return quote(text, safe="")


def basic(user: str, password: str) -> tuple[str, str]:
    """The header of HTTP's Basic scheme (RFC 7617, in UTF-8)."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return ("Authorization", f"Basic {pair}")


def check_url(url: str) -> str:
    """The address as it is. Raises `UsageError` unless it is https, with a host, without a password
    (which every list of processes and every message would show).
    """
    if _is_plain(url, ("https",)) is None:
        raise UsageError("upload.url.wrong", url=url.rpartition("@")[2])
    return url


def check_proxy(proxy: str) -> str:
    """A proxy's address as it stands in a setting; empty: as the environment says. A password has
    no place in it (`HTTPS_PROXY` may hold one). Raises `UsageError`.
    """
    if proxy and proxy != DIRECT and _is_plain(proxy, ("http",)) is None:
        raise UsageError("upload.proxy.wrong", proxy=proxy.rpartition("@")[2])
    return proxy


def _is_plain(url: str, schemes: tuple[str, ...]) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    if not good or "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        return None
    return parts


@dataclass(frozen=True, slots=True)
class Https:
    """A client. `ca_file` (PEM) is trusted in place of the system's authorities; `proxy` as in
    `check_proxy`.
    """

    ca_file: str | None = None
    connect_s: float = CONNECT_S
    answer_s: float = ANSWER_S
    proxy: str = ""

    def send(self, request: Request) -> HttpAnswer:
        """One exchange. Raises `NoAnswer`; an answer of any status is an answer."""
        parts = urlsplit(check_url(request.url))
        where = parts.hostname or ""
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                "upload.ca.unreadable", file=str(self.ca_file), reason=_reason(error)
            ) from None
        line = _Line(where, parts.port or 443, self.connect_s, context, proxy_of(self.proxy, where))
        allowed = self.connect_s + self.answer_s + len(request.body) / SLOWEST_BYTES_PER_S
        with _Deadline(line, allowed) as deadline:
            try:
                line.connect()
                line.sock.settimeout(self.answer_s)
                deadline.shorten(allowed - self.connect_s)
                return _exchange(line, request, target)
            except (OSError, http.client.HTTPException) as error:
                raise _no_answer(error, line, where, late=deadline.passed) from None
            finally:
                line.close()


def proxy_of(setting: str, host: str) -> str:
    """The proxy for a host: the setting's, else the environment's; empty where there is none."""
    if setting:
        return "" if setting == DIRECT else setting
    found = getproxies().get("https", "")
    if not found or proxy_bypass(host):
        return ""
    return found if "//" in found else f"http://{found}"


class _Line(http.client.HTTPSConnection):
    """A connection whose every part can be ended from outside, the handshake included."""

    def __init__(
        self, host: str, port: int, connect_s: float, context: ssl.SSLContext, proxy: str
    ) -> None:
        through = urlsplit(proxy) if proxy else None
        self.proxy = f"{through.hostname}:{through.port or 8080}" if through else ""
        self.reached = False  # the proxy, where there is one
        if through is None:
            super().__init__(host, port, timeout=connect_s, context=context)
        else:
            super().__init__(
                through.hostname or "", through.port or 8080, timeout=connect_s, context=context
            )
            self.set_tunnel(host, port, headers=_to_proxy(through))
        self._server, self._tls = host, context

    def connect(self) -> None:
        """TCP, the proxy's leave, TLS."""
        http.client.HTTPConnection.connect(self)
        self.reached = True
        # first the socket, then the handshake: a deadline finds it and can end it
        self.sock = self._tls.wrap_socket(
            self.sock, server_hostname=self._server, do_handshake_on_connect=False
        )
        self.sock.do_handshake()


def _to_proxy(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    _, value = basic(unquote(proxy.username), unquote(proxy.password or ""))
    return {"Proxy-Authorization": value}


class _Deadline:
    """The end of a whole exchange: a server that sends one byte before each time limit would hold
    the bench for ever. Only looking up a name and TCP's own opening have their limits elsewhere.
    """

    def __init__(self, line: _Line, seconds: float) -> None:
        self._line, self._seconds = line, seconds
        self._over, self._change = False, threading.Condition()
        self.passed = False
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Deadline:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with self._change:
            self._over = True
            self._change.notify()
        self._thread.join()

    def shorten(self, seconds: float) -> None:
        """From now on, so many seconds more."""
        with self._change:
            self._seconds = seconds
            self._change.notify()

    def _watch(self) -> None:
        with self._change:
            while not self._over:
                if self._change.wait(self._seconds):
                    continue
                self.passed = True
                self._seconds = _TRY_AGAIN_S  # a socket that comes only now is ended too
                sock = self._line.sock
                if sock is not None:
                    try:
                        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS
                    except OSError:
                        continue


def _exchange(connection: http.client.HTTPSConnection, request: Request, target: str) -> HttpAnswer:
    # http.client would add no User-Agent, and Accept-Encoding: identity, which is what we want
    connection.request(
        request.method,
        target,
        body=request.body or None,
        headers={"User-Agent": "recond", **dict(request.headers)},
    )
    with connection.getresponse() as response:
        body = response.read(ANSWER_BYTES + 1)
        if len(body) > ANSWER_BYTES:
            raise http.client.LineTooLong("answer")
        wanted = response.getheader("Content-Length", "")
        if request.method != "HEAD" and wanted.isdigit() and len(body) < int(wanted):
            raise http.client.IncompleteRead(body)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return HttpAnswer(response.status, headers, body)


def _no_answer(error: Exception, line: _Line, host: str, *, late: bool) -> NoAnswer:
    if line.proxy and not line.reached and not late:
        return NoAnswer("upload.net.proxy", proxy=line.proxy, host=host, reason=_reason(error))
    return NoAnswer(_code(error, late), host=host, reason=_reason(error))


def _code(error: Exception, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "upload.net.timeout"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "upload.net.certificate"
    if isinstance(error, socket.gaierror):
        return "upload.net.name"
    if isinstance(
        error, ConnectionResetError | BrokenPipeError | http.client.HTTPException | ssl.SSLEOFError
    ):
        return "upload.net.broken"
    return "upload.net.tls" if isinstance(error, ssl.SSLError) else "upload.net.unreachable"


def _reason(error: Exception) -> str:
    """Why, in a word of the catalogue where there is one."""
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _TLS.get(error.verify_code)
        return f"@host.tls.{known}" if known else error.verify_message
    if isinstance(error, socket.gaierror):
        return "@host.net.nodns" if error.errno == socket.EAI_AGAIN else "@host.net.noname"
    if isinstance(error, http.client.RemoteDisconnected | ssl.SSLEOFError):
        return "@host.errno.ECONNRESET"
    if isinstance(error, http.client.IncompleteRead):
        return "@host.net.cut"
    if isinstance(error, http.client.LineTooLong):
        return "@host.net.long"
    if isinstance(error, http.client.HTTPException):
        return "@host.net.nonsense"
    if isinstance(error, ssl.SSLError):
        return error.reason or type(error).__name__
    if isinstance(error, OSError):
        return os_reason(error)
    return str(error)[:200] or type(error).__name__
