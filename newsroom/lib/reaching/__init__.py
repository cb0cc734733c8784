"""Visits to web addresses that strangers gave us."""
