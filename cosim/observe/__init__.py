"""Service events out of a running system: seen at symbols, devices and event windows, hardly told by the firmware."""
