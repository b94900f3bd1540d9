"""recond: inventory, judge, erase and certify donated computers."""

__version__ = "0.1.0"
