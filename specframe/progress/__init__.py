"""Where a run is, what it says, and how far it has come."""
