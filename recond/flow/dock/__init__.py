"""A dock: slots, the disks in them, and the order for them."""
