"""Regressions of one series on a design over calendar time: functions of arrays, one result for all of them."""
