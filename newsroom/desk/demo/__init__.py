"""The demo: an invented harbour newsletter with half a year of short issues, one draft and a thousand readers."""
