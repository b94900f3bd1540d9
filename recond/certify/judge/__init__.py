"""What a journal proves: from its lines to a verdict, nothing believed. Pure."""
