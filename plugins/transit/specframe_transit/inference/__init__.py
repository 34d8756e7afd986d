"""Priors, samplers of posteriors, averages over models and tests of error bars."""
