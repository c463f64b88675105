"""Repeats: how many cases recur, how soon, how often, and how a pilot changed that."""
