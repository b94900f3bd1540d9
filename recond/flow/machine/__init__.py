"""This computer without an erasure: capture, readiness, self-tests, the bench."""
