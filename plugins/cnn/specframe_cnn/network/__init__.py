"""Networks from a list of blocks, and the heads that say what their outputs mean."""
