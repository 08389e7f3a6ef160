"""Golden models: the CHERIoT machine, and the CHERIoT RTOS services. No hardware description, no simulator."""
