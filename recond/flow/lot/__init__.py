"""A lot: manifest, records that count, balance, report."""
