"""`python packaging/release`: what a release publishes. See `__main__`."""
