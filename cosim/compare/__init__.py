"""Checkers fed with records: they know neither simulator nor hardware description."""
