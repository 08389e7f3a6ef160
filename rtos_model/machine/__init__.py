"""The golden machine: capabilities as values, one meaning per instruction, and a stepper that makes commit records."""
