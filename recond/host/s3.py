"""An S3-compatible bucket: put, get, list. The library does the signing and speaks HTTPS itself.

Why a library here, when everything else goes through `recond.host.http`: AWS signature version 4 is
easy to get nearly right. obstore (the Apache Arrow project's object_store) is one wheel without
dependencies; boto3 brings 100 MB of descriptions of services that nobody here calls. TLS is always
verified, `ca_file` (PEM) is trusted beside the system's authorities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from recond.errors import UploadFailed, UsageError
from recond.host.http import proxy_of
from recond.host.reason import os_reason
from recond.host.regular import SMALL_BYTES, read_given

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Store

CONNECT_S, ANSWER_S = 10, 120


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is and who may use it. The secret is not shown."""

    name: str
    endpoint: str  # https://…; empty for AWS itself
    region: str
    key_id: str
    secret: str = field(repr=False)
    ca_file: str = ""
    proxy: str = ""  # as in `recond.host.http.check_proxy`

    def put(self, name: str, data: bytes) -> None:
        """Write an object, whole or not at all. Raises `UploadFailed`."""
        with _said():
            self._store().put(name, data, use_multipart=False)

    def get(self, name: str) -> bytes:
        """An object's bytes. Raises `UploadFailed`."""
        with _said():
            return bytes(self._store().get(name).bytes())

    def names(self, prefix: str) -> list[str]:
        """The names of the objects below a prefix, sorted. Raises as `get`."""
        with _said():
            parts = self._store().list(prefix or None)
            return sorted(one["path"] for part in parts for one in part)

    def _store(self) -> S3Store:
        from obstore.store import S3Store

        client: ClientConfig = {
            "connect_timeout": timedelta(seconds=CONNECT_S),
            "timeout": timedelta(seconds=ANSWER_S),
        }
        host = urlsplit(self.endpoint).hostname or f"{self.name}.s3.{self.region}.amazonaws.com"
        if proxy := proxy_of(self.proxy, host):
            client["proxy_url"] = proxy
        if self.ca_file:
            try:
                client["root_certificate"] = read_given(Path(self.ca_file), SMALL_BYTES)
            except OSError as error:
                raise UsageError(
                    "upload.ca.unreadable", file=self.ca_file, reason=os_reason(error)
                ) from None
        return S3Store(
            self.name,
            endpoint=self.endpoint or None,
            region=self.region,
            access_key_id=self.key_id,
            secret_access_key=self.secret,
            virtual_hosted_style_request=not self.endpoint,
            client_options=client,
            # the queue tries again; here a failure is an answer
            retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=ANSWER_S)},
        )


@contextmanager
def _said() -> Iterator[None]:
    from obstore import exceptions

    try:
        yield
    except (exceptions.BaseError, OSError) as error:  # an absent bucket is a FileNotFoundError
        raise UploadFailed("upload.s3.failed", said=_words(str(error))) from None


def _words(text: str) -> str:
    # the library shows its whole insides; the server's own words stand in the XML of its answer
    found = re.search(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?", text)
    return " ".join(part for part in found.groups() if part) if found else text.split("\n")[0]
