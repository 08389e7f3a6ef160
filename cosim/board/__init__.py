"""Board descriptions: the JSON file with which the build system of CHERIoT RTOS builds for a machine."""
