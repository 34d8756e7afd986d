"""One fit of all channels, nodes and visits: the detrender ``transit-joint``."""
