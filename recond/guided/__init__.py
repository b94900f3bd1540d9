"""The guided screen: one step after the other, for a volunteer.

Why: ten minutes of attention, no training, a keyboard and a screen of 80 by 25 read from two
metres. Each step is a screen (`step_*`) over a view of plain lines that is pure; what is decided
is decided in `recond.flow`. A crash here never reaches an erasure: that runs beside it.
"""
