"""Facts of the instruction set and the capability format. Plain Python: imports nothing, has no behaviour."""
