"""How mail leaves: connections to a relay or calls to a provider, and the built-in catcher at the other end."""
