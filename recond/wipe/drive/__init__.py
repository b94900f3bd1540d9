"""A drive's own erase commands: which to issue, and the conversation with it."""
