"""Comparisons with other people's networks and weights."""
