"""The words of SMBIOS enumerations that recond uses, in lower case, by their codes.

Why: raw tables hold codes, `dmidecode` prints words; one table joins them. Codes for "other" and
"unknown" have no word: they tell nothing.

Source: DMTF DSP0134 SMBIOS 3.7: 7.4.1 (chassis), 7.18.1 (form factors), 7.18.2 (memory types).
"""

from __future__ import annotations

CHASSIS: dict[int, str] = {
    1: "other", 3: "desktop", 4: "low profile desktop", 5: "pizza box", 6: "mini tower",
    7: "tower", 8: "portable", 9: "laptop", 10: "notebook", 11: "hand held",
    12: "docking station", 13: "all in one", 14: "sub notebook", 15: "space-saving",
    16: "lunch box", 17: "main server chassis", 18: "expansion chassis", 19: "sub chassis",
    20: "bus expansion chassis", 21: "peripheral chassis", 22: "raid chassis",
    23: "rack mount chassis", 24: "sealed-case pc", 25: "multi-system", 26: "compactpci",
    27: "advancedtca", 28: "blade", 29: "blade enclosing", 30: "tablet", 31: "convertible",
    32: "detachable", 33: "iot gateway", 34: "embedded pc", 35: "mini pc", 36: "stick pc",
}

MEMORY_FORMS: dict[int, str] = {
    3: "SIMM", 4: "SIP", 5: "Chip", 6: "DIP", 7: "ZIP", 8: "Proprietary Card", 9: "DIMM",
    10: "TSOP", 11: "Row Of Chips", 12: "RIMM", 13: "SODIMM", 14: "SRIMM", 15: "FB-DIMM",
    16: "Die", 17: "CAMM",
}

MEMORY_KINDS: dict[int, str] = {
    3: "DRAM", 4: "EDRAM", 5: "VRAM", 6: "SRAM", 7: "RAM", 8: "ROM", 9: "Flash", 10: "EEPROM",
    11: "FEPROM", 12: "EPROM", 13: "CDRAM", 14: "3DRAM", 15: "SDRAM", 16: "SGRAM", 17: "RDRAM",
    18: "DDR", 19: "DDR2", 20: "DDR2 FB-DIMM", 24: "DDR3", 25: "FBD2", 26: "DDR4", 27: "LPDDR",
    28: "LPDDR2", 29: "LPDDR3", 30: "LPDDR4", 31: "Logical non-volatile device", 32: "HBM",
    33: "HBM2", 34: "DDR5", 35: "LPDDR5", 36: "HBM3",
}
