"""Devices, and the system that joins core, memories and devices."""
