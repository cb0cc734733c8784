"""The staff home, and the pages that see all of the house at once."""
