"""Weights files: reading, matching, loading, saving."""
