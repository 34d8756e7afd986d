"""Convolutional networks: models of spectra and depths from light curves, images of light curves, and spectra."""
