"""Planning and carrying out an erasure, with its journal. The rooms that may destroy data."""
