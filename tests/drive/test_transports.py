"""The real transports, with the kernel's ioctl replaced: what it is given, what is made of it."""

from __future__ import annotations

import ctypes
import errno
import fcntl
from typing import Any

import pytest

from recond.drive import requests as rq
from recond.host.mmc import MmcIoctl
from recond.host.nvme import NVME_IOCTL_ADMIN_CMD, NvmeIoctl
from recond.host.sgio import SG_IO, SgIoHdr, SgioTransport


def test_sg_io_header_and_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, bytes, bytes, int]] = []

    def ioctl(_fd: int, number: int, header: Any) -> int:
        seen.append(
            (
                number,
                ctypes.string_at(header.cmdp, header.cmd_len),
                ctypes.string_at(header.dxferp, header.dxfer_len),
                header.timeout,
            )
        )
        assert header.interface_id == ord("S")
        assert header.dxfer_direction == -2
        ctypes.memmove(header.sbp, b"\x72\x01\x00\x1d", 4)
        header.status, header.sb_len_wr, header.driver_status, header.host_status = 2, 4, 8, 0
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    request = rq.ata_unlock(bytes(32))
    answer = SgioTransport(7).execute(request)
    assert seen == [(SG_IO, request.cdb, request.data_out, 30_000)]
    assert (answer.status, answer.sense, answer.driver) == (2, b"\x72\x01\x00\x1d", 8)
    assert answer.packed_status == 2 | 8 << 24
    assert ctypes.sizeof(SgIoHdr) == (88 if ctypes.sizeof(ctypes.c_void_p) == 8 else 64)


def test_sg_io_reads_only_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def ioctl(_fd: int, _number: int, header: Any) -> int:
        assert header.dxfer_direction == -3
        ctypes.memmove(header.dxferp, b"abcd", 4)
        header.resid = 252 - 4
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert SgioTransport(7).execute(rq.scsi_inquiry()).data == b"abcd"


def test_an_ioctl_that_fails_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def ioctl(*_: Any) -> int:
        raise OSError(errno.ENODEV, "gone")

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert SgioTransport(7).execute(rq.ata_identify()).errno == errno.ENODEV
    assert NvmeIoctl(7).execute(rq.nvme_identify(1)).errno == errno.ENODEV
    assert MmcIoctl(7).execute(rq.mmc_ext_csd()).errno == errno.ENODEV


def test_nvme_ioctl_takes_status_result_and_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def ioctl(_fd: int, number: int, command: Any) -> int:
        assert number == NVME_IOCTL_ADMIN_CMD
        assert (command.opcode, command.cdw10, command.data_len) == (6, 1, 4096)
        ctypes.memmove(command.addr, b"\x86\x80", 2)
        command.result = 5
        return 0x4002

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    answer = NvmeIoctl(7).execute(rq.nvme_identify(1))
    assert (answer.status, answer.result, answer.data[:3]) == (0x4002, 5, b"\x86\x80\0")


def test_a_long_command_ticks_in_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[int] = []
    monkeypatch.setattr("recond.host.transport.TICK_S", 0.001)
    gate = __import__("threading").Event()

    def ioctl(*_: Any) -> int:
        assert gate.wait(10)
        return 0

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            gate.set()

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert NvmeIoctl(7).execute(rq.nvme_exit_failure(), tick).status == 0
    assert len(ticks) >= 3
