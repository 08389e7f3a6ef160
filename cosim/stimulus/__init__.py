"""Random programs drawn from the instruction table."""
