"""The report: a result goes in, finished words, numbers and figures come out. Nothing here is estimated."""
