"""What is drawn: certificate, label, lot, key backup, the donor's page. Pure."""
