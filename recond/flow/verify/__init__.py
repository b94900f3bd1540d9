"""Verification of files, a disk or a ledger that somebody hands over."""
