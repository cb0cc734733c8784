"""A reader's own pages. Nothing but a button press changes anything."""
