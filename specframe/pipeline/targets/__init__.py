"""Targets, one by one, through the steps that load, calibrate and detrend."""
