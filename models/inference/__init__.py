"""Inference that holds with few areas: collapsed t, exact permutation, CR2 with Bell-McCaffrey df."""
