"""Builds, plans and runs pipelines."""
