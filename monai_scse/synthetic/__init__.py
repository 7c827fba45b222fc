"""Generators of synthetic heads and bodies for training, demo and tests."""
