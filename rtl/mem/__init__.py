"""Memories: tagged SRAM, boot ROM and revocation bitmap."""
