"""Pathology of synthetic CT: drawn into a label map of structures, with its labels kept right."""
