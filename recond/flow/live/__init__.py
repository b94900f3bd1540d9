"""The system on a stick: its orders, its files, what a power cut left."""
