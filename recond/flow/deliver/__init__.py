"""What leaves the bench: uploads, the queue, labels."""
