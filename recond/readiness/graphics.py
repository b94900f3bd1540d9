"""What a graphics chip can do, inferred from its PCI id; unknown where we hold no rule.

Why: neither DirectX nor WDDM can be read without Windows. The generation of a chip follows from its
device id, and the makers say which DirectX and which driver model they support on it. An id outside
these ranges is unknown, never a pass. With several cards the best counts, unless one is unknown and
the known ones do not reach the top of the table.

Sources: Intel, "Supported APIs and features for Intel graphics" (support.intel.com 000005524) and
the id lists of Mesa (include/pci_ids/*.h) and the kernel (include/drm/intel/pciids.h); AMD ids from
the kernel's amdgpu and radeon (amdgpu_drv.c, radeon drm_pciids.h); NVIDIA ids from the pci.ids file
(pci-ids.ucw.cz) and NVIDIA's list of DirectX 12 GPUs. Read 2026-11-24. Where a maker has withdrawn
an ability (DirectX 12 on Haswell, Intel 000057520), the lower one stands.
"""

from __future__ import annotations

from recond.model import Device, Known, Unknown, Why
from recond.readiness.logic import Fact

Ability = tuple[int, int]
"""DirectX version and WDDM version in tenths."""

OLD: Ability = (9, 0)  # XDDM only: no Windows 10 driver
DX9: Ability = (9, 10)
DX10: Ability = (10, 11)
DX11: Ability = (11, 12)
DX12: Ability = (12, 20)
BEST = DX12

_INTEL: tuple[tuple[int, int, Ability], ...] = (
    (0x2582, 0x2582, OLD),
    (0x2592, 0x2592, OLD),  # GMA 900
    (0x2772, 0x2772, DX9),
    (0x27A2, 0x27AE, DX9),
    (0x29B2, 0x29D3, DX9),  # GMA 950, 3100
    (0xA001, 0xA002, DX9),
    (0xA011, 0xA012, DX9),  # GMA 3150 (Pineview)
    (0x2972, 0x29A3, DX10),
    (0x2A02, 0x2A13, DX10),
    (0x2A42, 0x2A43, DX10),  # generation 4
    (0x2E02, 0x2E93, DX10),
    (0x0042, 0x0042, DX10),
    (0x0046, 0x0046, DX10),  # 4.5, Ironlake
    (0x0102, 0x0126, DX10),  # Sandy Bridge
    (0x0152, 0x016A, DX11),
    (0x0F30, 0x0F33, DX11),  # Ivy Bridge, Bay Trail
    (0x0402, 0x042E, DX11),
    (0x0A02, 0x0A2E, DX11),
    (0x0C02, 0x0C2E, DX11),  # Haswell
    (0x0D02, 0x0D2E, DX11),
    (0x1602, 0x163E, DX12),
    (0x22B0, 0x22B3, DX12),  # Broadwell, Cherry Trail
    (0x1902, 0x193D, DX12),
    (0x0A84, 0x0A84, DX12),
    (0x1A84, 0x1A85, DX12),  # Skylake, Broxton
    (0x5A84, 0x5A85, DX12),
    (0x3184, 0x3185, DX12),  # Apollo Lake, Gemini Lake
    (0x5902, 0x593B, DX12),
    (0x87C0, 0x87CA, DX12),  # Kaby Lake, Amber Lake
    (0x3E90, 0x3EA9, DX12),
    (0x9B21, 0x9BF6, DX12),  # Coffee, Whiskey, Comet Lake
    (0x8A50, 0x8A71, DX12),
    (0x4541, 0x4571, DX12),
    (0x4E51, 0x4E71, DX12),  # Ice, Jasper Lake
    (0x9A40, 0x9AF8, DX12),
    (0x4C80, 0x4C9A, DX12),
    (0x4905, 0x4909, DX12),  # Tiger, Rocket, DG1
    (0x4626, 0x46D4, DX12),
    (0xA720, 0xA7AD, DX12),
    (0xA780, 0xA78B, DX12),  # Alder, Raptor Lake
    (0x7D40, 0x7DD5, DX12),
    (0x6420, 0x64B0, DX12),
    (0x7D51, 0x7D67, DX12),  # Meteor, Lunar, Arrow
    (0x5690, 0x56C1, DX12),
    (0xE202, 0xE223, DX12),  # Arc A, B
)
_AMD: tuple[tuple[int, int, Ability], ...] = (
    (0x9400, 0x95FF, DX10),
    (0x9610, 0x9616, DX10),
    (0x9710, 0x9715, DX10),  # HD 2000 to 4000
    (0x9640, 0x964F, DX11),
    (0x9802, 0x980A, DX11),
    (0x9900, 0x99A4, DX11),  # Llano to Trinity
    (0x6700, 0x677F, DX11),
    (0x6840, 0x685F, DX11),
    (0x6880, 0x68FF, DX11),  # HD 5000, 6000
    (0x6600, 0x66AF, DX12),
    (0x6780, 0x67FF, DX12),
    (0x6800, 0x683F, DX12),  # GCN 1 to 4
    (0x6860, 0x687F, DX12),
    (0x6900, 0x69AF, DX12),
    (0x6FDF, 0x6FDF, DX12),  # Vega 10, 12, Tonga
    (0x1304, 0x131D, DX12),
    (0x9830, 0x985F, DX12),
    (0x9870, 0x9877, DX12),  # Kaveri to Carrizo
    (0x98E4, 0x98E4, DX12),
    (0x15D8, 0x15D8, DX12),
    (0x15DD, 0x15DD, DX12),  # Stoney to Raven
    (0x1636, 0x1638, DX12),
    (0x164C, 0x164F, DX12),
    (0x15E7, 0x15E7, DX12),  # Renoir to Barcelo
    (0x1681, 0x1681, DX12),
    (0x1506, 0x1506, DX12),
    (0x15BF, 0x15C8, DX12),  # Rembrandt, Phoenix
    (0x150E, 0x150E, DX12),
    (0x1900, 0x1901, DX12),
    (0x163F, 0x163F, DX12),  # Strix, Hawk, Van Gogh
    (0x7310, 0x75FF, DX12),  # Navi 1x to 4x
)
_NVIDIA: tuple[tuple[int, int, Ability], ...] = (
    (0x0191, 0x019E, DX10),
    (0x0400, 0x042F, DX10),
    (0x05E0, 0x065F, DX10),  # Tesla
    (0x06E0, 0x06FF, DX10),
    (0x0840, 0x08BF, DX10),
    (0x0A20, 0x0A7F, DX10),
    (0x0CA0, 0x0CBF, DX10),
    (0x10C0, 0x10DF, DX10),
    (0x06C0, 0x06DF, DX11),
    (0x0DC0, 0x0DFF, DX11),
    (0x0E22, 0x0E3B, DX11),  # Fermi
    (0x1040, 0x109F, DX11),
    (0x1140, 0x114F, DX11),
    (0x1200, 0x125F, DX11),
    (0x0FC0, 0x103F, DX12),
    (0x1180, 0x11FF, DX12),
    (0x1280, 0x12BF, DX12),  # Kepler
    (0x1340, 0x2FFF, DX12),  # Maxwell and all later ones
)
TABLE = {"8086": _INTEL, "1002": _AMD, "10de": _NVIDIA}


def ability_of(ids: str) -> Ability | None:
    """What a chip can do by its PCI ids ("8086:5917"), or None."""
    vendor, _, device = ids.lower().partition(":")
    try:
        number = int(device, 16)
    except ValueError:
        return None
    for first, last, found in TABLE.get(vendor, ()):
        if first <= number <= last:
            return found
    return None


def ability(devices: tuple[Device, ...], field: str) -> Fact:
    """DirectX ("directx") or WDDM in tenths ("wddm_tenths") of the best graphics chip."""
    chips = [d for d in devices if d.role == "graphics" and d.bus == "pci"]
    if not chips:
        return Unknown(Why.NOT_READ, "pci 03")
    found = [(chip, ability_of(chip.ids)) for chip in chips]
    best: tuple[Device, Ability] | None = None
    for chip, can in found:
        if can is not None and (best is None or can > best[1]):
            best = (chip, can)
    unknown = [chip for chip, can in found if can is None]
    if best is None or (unknown and best[1] != BEST):
        return Unknown(Why.UNSUPPORTED, f"pci {unknown[0].ids}")
    value = best[1][0 if field == "directx" else 1]
    return Known(value, f"inferred from pci {best[0].ids}")
