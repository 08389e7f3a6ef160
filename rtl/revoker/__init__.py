"""The background revoker: sweeps memory behind the core and clears stale tags."""
