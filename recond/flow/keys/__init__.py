"""The keys of a workshop and its benches, the ledger, time stamps."""
