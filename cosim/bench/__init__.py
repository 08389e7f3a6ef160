"""Code that runs inside the simulator; the only home of cocotb triggers."""
