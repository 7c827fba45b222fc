"""Heads and bodies that belong to nobody: generators for training, demo and tests."""
