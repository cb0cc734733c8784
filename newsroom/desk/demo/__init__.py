"""The demo: an invented harbour newsletter with four months of short issues, one draft and a thousand readers."""
