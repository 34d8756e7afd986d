"""Fits of transit and eclipse models with systematics to white curves and channels."""
