"""Whether a bundle of files is true, whole, and signed by whom. Pure."""
