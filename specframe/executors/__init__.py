"""Where tasks are worked on: in this process, in several on this machine, on a cluster."""
