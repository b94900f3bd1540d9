"""The stages joined: each function here is one command's work, without a word to the screen.

Why a layer of its own: `cli` only parses, calls one function, renders and exits; the rooms
(`inspect`, `wipe`, `certify`, …) know nothing of each other. What needs two of them stands here.
"""
