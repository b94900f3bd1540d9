"""Data files that come with the code: methods, patterns, fonts, schemas. No code."""
