"""Every schedule of core and revoker on a few words of memory: the engine's model and the RTL, step by step."""
