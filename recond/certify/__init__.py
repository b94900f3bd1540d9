"""Record, signature, certificate, ledger and their verification. No device, no file, no clock."""
