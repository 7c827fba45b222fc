"""Synthetic CT: torsos drawn from measures, and deformed anatomy of label maps."""
