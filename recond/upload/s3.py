"""The destination that is an S3-compatible bucket, and the same bucket read back for a lot.

One object a record, its package, under `PREFIX/<record id>/<digest>.zip`. The name says what was
signed, and the signature: sent twice, the same certificate stands at the same place; a record
issued anew stands beside its older self, and what a stranger signed under its number beside both.
Every failure holds the whole destination: what a bucket refuses, it refuses for all records.
"""

from __future__ import annotations

from recond.errors import UploadFailed
from recond.host.clock import Clock
from recond.host.http import check_proxy, check_url
from recond.host.s3 import Bucket
from recond.model import Message
from recond.upload.outcome import Delivered, Later, Outcome, clean
from recond.upload.package import Package, pack
from recond.upload.settings import Settings

REGION = "us-east-1"  # what most servers of one's own answer to


class S3:
    """Delivers to a bucket."""

    def __init__(self, settings: Settings) -> None:
        url = settings.get("url")
        self._secrets = settings.secrets
        self._prefix = settings.get("prefix").strip("/")
        self._bucket = Bucket(
            settings.get("bucket"),
            check_url(url) if url else "",
            settings.get("region") or REGION,
            settings.get("key_id"),
            settings.get("secret"),
            settings.get("ca"),
            check_proxy(settings.get("proxy")),
        )

    def prepare(self) -> None:
        """Nothing to prepare."""

    def check(self, clock: Clock) -> Outcome:
        """List what is below the prefix."""
        del clock
        try:
            self._bucket.names(self._under("recond-check"))
        except UploadFailed as error:
            return Later(self._clean(error.message), whole=True)
        return Delivered(Message("upload.sent"))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Put the package."""
        del clock
        digest = package.signed_key.removeprefix(f"{package.record_id}.")
        name = self._under(f"{package.record_id}/{digest}.zip")
        try:
            self._bucket.put(name, pack(package))
        except UploadFailed as error:
            return Later(self._clean(error.message), whole=True)
        return Delivered(Message.of("upload.folder.sent", name=name))

    def names(self) -> list[str]:
        """The names of the packages in the bucket, sorted. Raises `UploadFailed`."""
        return [name for name in self._bucket.names(self._prefix) if name.endswith(".zip")]

    def get(self, name: str) -> bytes:
        """A package's bytes. Raises `UploadFailed`."""
        return self._bucket.get(name)

    def put(self, name: str, raw: bytes) -> None:
        """Put an object below the prefix. Raises `UploadFailed`."""
        self._bucket.put(self._under(name), raw)

    def get_below(self, name: str) -> bytes:
        """An object below the prefix. Raises `UploadFailed`."""
        return self._bucket.get(self._under(name))

    def record_id(self, name: str) -> str:
        """Which record an object is of."""
        return name.rpartition("/")[0].rpartition("/")[2]

    def _under(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _clean(self, message: Message) -> Message:
        said = str(dict(message.args).get("said", ""))
        return Message.of(message.code, said=clean(said, self._secrets))
