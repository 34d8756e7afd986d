"""Systematics of light curves: columns of linear models, common mode, components of residuals, and noise."""
