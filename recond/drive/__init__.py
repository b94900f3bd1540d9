"""The commands of drives: types, exact requests, the meaning of answers. Pure."""
