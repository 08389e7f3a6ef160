"""The capability datapath: combinational units that expand, check, narrow, seal and attenuate capabilities."""
