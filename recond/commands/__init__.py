"""The commands by subject. Parsing and showing only; `recond.cli` puts them together."""
