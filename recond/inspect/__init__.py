"""Readers: the host's texts and files become a `Machine`. Nothing here opens a device to write."""
