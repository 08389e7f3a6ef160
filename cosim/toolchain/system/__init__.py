"""The system builder: a description and the sources of each compartment to one linked image for the RTOS."""
