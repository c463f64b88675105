"""Synthetic comparisons: comparison areas weighted so that together they follow a treated area before the start."""
