"""What people, rules and the clock decide about a send: when, how far, whether it goes on, and in which copy."""
