"""The circuit: an Amaranth description of the CHERIoT core and its SoC, and the facts it shares with the model."""
