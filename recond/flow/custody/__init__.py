"""Custody: what people say became of computers and disks, signed and kept in the ledger."""
