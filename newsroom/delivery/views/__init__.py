"""The desk pages of sends: choosing when, watching, steering, and who got what."""
