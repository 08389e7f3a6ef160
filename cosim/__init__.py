"""Build, drive, watch, compare, show: firmware on the generated hardware, held against the golden models."""
