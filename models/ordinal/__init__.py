"""Ordered answers: one shift of all levels on the log-odds scale, and what it does to the share at each of them."""
