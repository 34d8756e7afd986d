"""Limb darkening from the intensities of model stars."""
