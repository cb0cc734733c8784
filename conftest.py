"""Fixtures for every test of the house: those in tests/ and those beside a block kind."""

pytest_plugins = ["tests.services", "tests.fixtures"]
