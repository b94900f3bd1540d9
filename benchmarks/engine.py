"""The engine against the raw ceiling (fio) and a peer (nwipe), on one loop device over tmpfs.

    sudo python benchmarks/engine.py [--size-mib 1024] [--rounds 3]

Each figure is the median of the rounds, all taken in turn in the same run, because these machines
are shared: only the ratios mean something. Needs root, fio and nwipe.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
GIB = 1 << 30
FIO_SHAPES = (("1m", 2), ("256k", 4), ("4m", 1), ("512k", 4), ("1m", 1))


@dataclass(frozen=True)
class Run:
    """One worker's run: its wall and processor time, its peak memory, its journal's entries."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    entries: list[dict[str, Any]]

    def seconds(self, kind: str) -> float:
        """The duration of the entries of a kind, as the journal has it."""
        found = [e["data"]["duration_ms"] for e in self.entries if e["kind"] == kind]
        return float(sum(found)) / 1000


def fio(device: str, way: str, size: int) -> float:
    """The best bytes a second of the shapes tried."""
    best = 0.0
    for block, depth in FIO_SHAPES:
        done = subprocess.run(
            [
                "fio",
                "--name=raw",
                f"--filename={device}",
                f"--rw={way}",
                f"--bs={block}",
                f"--iodepth={depth}",
                "--ioengine=libaio",
                "--direct=1",
                f"--size={size}",
                "--output-format=json",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout)["jobs"][0]
        best = max(best, found[way]["bw_bytes"])
    return best


def cipher(size: int) -> float:
    """The cipher of a random pass alone, into one buffer, bytes a second (a core has the whole
    buffer in its cache: no pass that hands its buffer to the kernel can be as fast)."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    from recond.erasure import XTS_UNIT_BYTES
    from recond.host.block import aligned_buffer

    zeros, out = bytes(XTS_UNIT_BYTES), aligned_buffer(XTS_UNIT_BYTES + 64)
    key = algorithms.AES(bytes(range(32)))
    begun = time.perf_counter()
    for unit in range(size // XTS_UNIT_BYTES):
        mode = modes.XTS(unit.to_bytes(16, "little"))
        Cipher(key, mode).encryptor().update_into(zeros, out)
    return size / (time.perf_counter() - begun)


def worker(device: str, folder: Path, method: str, verify: str) -> Run:
    """Our worker process on the device, as the supervisor starts it."""
    from recond.codec import canonical_bytes, digest, to_json
    from recond.ends import ConfirmedBy
    from recond.erasure import VerifyMode
    from recond.host.target import read_target
    from recond.wipe.job import Job
    from recond.wipe.plan import Wish, plan_wipe

    wish = Wish(method=method, verify=VerifyMode(verify))
    plan = plan_wipe(read_target(device, image=False), wish, os.urandom(32), ())
    journal = folder / f"{time.monotonic_ns()}.jsonl"
    token, by = plan.disk.token, ConfirmedBy.FLAG
    job = Job("benchmark", plan, digest(plan), device, by, token, str(journal))
    file = folder / "job.json"
    file.write_bytes(canonical_bytes(to_json(job)))
    return measured([sys.executable, "-m", "recond.wipe.worker", str(file)], journal)


def measured(command: list[str], journal: Path | None) -> Run:
    """Run a command in a process of its own and take its figures."""
    begun = time.perf_counter()
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2) if not os.environ.get("LOUD") else (0,):
            os.dup2(quiet, stream)
        os.environ["PYTHONPATH"] = str(ROOT)
        os.execvp(command[0], command)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in (0, 6):  # 6: nothing was read back
        raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    lines = journal.read_bytes().splitlines() if journal else []
    return Run(
        wall,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024,
        [json.loads(line) for line in lines],
    )


def nwipe(device: str, method: str, verify: str) -> Run:
    """The peer's whole command."""
    return measured(
        [
            "nwipe",
            "--autonuke",
            "--nogui",
            "--nowait",
            "--noblank",
            "--quiet",
            f"--method={method}",
            f"--verify={verify}",
            "--rounds=1",
            device,
        ],
        None,
    )


def recond(device: str, folder: Path, token: str, method: str, verify: str) -> Run:
    """Our whole command: plan, erasure, record, signature, certificate."""
    state, out = folder / "state", folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    return measured(
        [
            sys.executable,
            "-m",
            "recond",
            "wipe",
            device,
            "--confirm",
            token,
            "--method",
            method,
            "--verify",
            verify,
            "--state",
            str(state),
            "--out",
            str(out),
            "--json",
        ],
        None,
    )


def median(values: list[float]) -> float:
    return statistics.median(values)


def say(name: str, ours: float, theirs: float, unit: str, wish: str) -> None:
    print(f"{name:<44} {ours:9.2f} {theirs:9.2f} {unit:<7} ratio {ours / theirs:5.2f}   {wish}")


def compare(device: str, folder: Path, size: int, rounds: int) -> None:
    zero: list[Run] = []
    random: list[Run] = []
    ceilings: dict[str, list[float]] = {"write": [], "read": [], "stream": []}
    for _ in range(rounds):
        ceilings["write"].append(fio(device, "write", size))
        zero.append(worker(device, folder, "zero", "full"))
        ceilings["stream"].append(cipher(size))
        random.append(worker(device, folder, "random", "full"))
        ceilings["read"].append(fio(device, "read", size))
    write, read = max(ceilings["write"]), max(ceilings["read"])
    stream = max(ceilings["stream"])
    speed = {
        "zero": size / min(r.seconds("step_end") for r in zero),
        "random": size / min(r.seconds("step_end") for r in random),
        "verify": size / min(r.seconds("verify_end") for r in zero),
        "verify random": size / min(r.seconds("verify_end") for r in random),
    }
    print(f"{size >> 20} MiB, best of {rounds} rounds{'':<14} recond   ceiling")
    say("zero pass / fio write", speed["zero"] / GIB, write / GIB, "GiB/s", "wanted >= 0.97")
    say(
        "random pass / min(fio write, cipher)",
        speed["random"] / GIB,
        min(write, stream) / GIB,
        "GiB/s",
        "wanted >= 0.90",
    )
    say(
        "read-back of zeros / fio read",
        speed["verify"] / GIB,
        read / GIB,
        "GiB/s",
        "wanted >= 0.90",
    )
    say(
        "read-back of a random pass / fio read",
        speed["verify random"] / GIB,
        read / GIB,
        "GiB/s",
        "wanted >= 0.75",
    )
    peak = max(r.peak_mib for r in [*zero, *random])
    print(f"{'peak memory of one worker':<44} {peak:9.1f} MiB             wanted <= 120")


def against_nwipe(device: str, folder: Path, token: str, size: int, rounds: int) -> None:
    print(f"{'whole command, median':<44}    recond     nwipe")
    for ours, theirs, verify, check in (
        ("zero", "zero", "none", "off"),
        ("random", "random", "full", "all"),
        ("dod-short", "dodshort", "full", "last"),
    ):
        pairs = [
            (recond(device, folder, token, ours, verify), nwipe(device, theirs, check))
            for _ in range(rounds)
        ]
        say(
            f"{ours}, read-back {verify}",
            median([a.wall_s for a, _ in pairs]),
            median([b.wall_s for _, b in pairs]),
            "s",
            "wanted <= 0.80",
        )
        if ours == "zero":
            gib = size / GIB
            alone = worker(device, folder, "zero", "none")
            say(
                "  processor time for a GiB (worker)",
                alone.cpu_s / gib,
                median([b.cpu_s for _, b in pairs]) / gib,
                "s/GiB",
                "wanted <= 1",
            )


def main() -> None:
    reader = argparse.ArgumentParser()
    reader.add_argument("--size-mib", type=int, default=1024)
    reader.add_argument("--rounds", type=int, default=3)
    reader.add_argument("--skip-nwipe", action="store_true")
    asked = reader.parse_args()
    size = asked.size_mib << 20
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = folder / "ram"
        store.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size + (64 << 20)}", "tmpfs", str(store)],
            check=True,
        )
        device = ""
        try:
            disk = store / "bench.img"
            with disk.open("wb") as file:
                file.truncate(size)
            device = subprocess.run(
                ["losetup", "--find", "--show", "--direct-io=on", str(disk)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            subprocess.run(
                ["dd", "if=/dev/zero", f"of={device}", "bs=1M", "oflag=direct"],
                check=False,
                capture_output=True,
            )
            compare(device, folder, size, asked.rounds)
            if not asked.skip_nwipe:
                against_nwipe(device, folder, "bench.img", size, asked.rounds)
        finally:
            if device:
                subprocess.run(["losetup", "-d", device], check=False)
            subprocess.run(["umount", str(store)], check=False)


if __name__ == "__main__":
    main()
