"""The workshop's board: one server that shows every bench and keeps every certificate.

Why it stands beside everything: a bench stays light and never waits for it. Benches talk to the
board, the board never talks to a bench: nothing here can start, stop or change an erasure, and the
layout test holds that no module of this room reaches the rooms that do. What the board shows as
erased rests on a record that `recond verify`'s own code found to be true; what a bench says of
itself while it works is shown as that and no more. Imported by `recond board` only, when it runs.
"""
