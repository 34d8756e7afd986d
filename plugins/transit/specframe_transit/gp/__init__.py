"""Gaussian processes in time (exact, linear in the number of samples) and over regressors."""
