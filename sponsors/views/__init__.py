"""What the desk and sponsors see of what is sold."""
