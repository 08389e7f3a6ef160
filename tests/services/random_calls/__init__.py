"""Random programs of several threads that call all services, and what must hold for each of them."""
