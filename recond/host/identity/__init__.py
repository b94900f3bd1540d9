"""Who a disk is: one way to decide it, from whatever was asked; for inspect and wipe alike."""
