"""The memory interface and what joins its users: address decoding and arbitration."""
