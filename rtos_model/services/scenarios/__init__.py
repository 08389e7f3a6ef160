"""The scenario catalogue, one file per topic."""
