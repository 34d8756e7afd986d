"""Training of a network: data, augmentation, the loop, checkpoints."""
