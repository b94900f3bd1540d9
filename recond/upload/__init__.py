"""Sends bytes that are already signed. Never reads the hardware."""
