"""Golden devices: functions of their state, the access and the clock. Registers as in the SAFE platform."""
