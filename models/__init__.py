"""The statistics of small pilots: pure functions of cells, with no files, no YAML and no printing."""
