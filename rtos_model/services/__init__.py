"""The golden model of the CHERIoT RTOS services: an executable oracle, without simulator or hardware."""
