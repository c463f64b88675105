"""From rows to cells: readers, checks, and the reduction of rows to sufficient statistics."""
