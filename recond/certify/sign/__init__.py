"""Keys, certificates and signatures: making them and taking them apart. Pure."""
