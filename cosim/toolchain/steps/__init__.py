"""Scenarios as firmware: the C of each compartment generated from its step programs."""
