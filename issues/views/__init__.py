"""The desk pages of issues: starting one, composing it, seeing it as readers will."""
