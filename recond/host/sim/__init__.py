"""Drives and disks that can lie, for the tests."""
