"""``make bench``: what docs/performance.md promises, measured here and now. Machines are noisy: compare in one run."""
