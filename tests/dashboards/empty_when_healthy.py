"""Expressions that have no data on a platform that is well, and why. What gives them data stands in test_live.py."""

# (dashboard, panel) or panel alone, where several have it: why it is empty
REASONS = {}
