"""What comes back: bounces and complaints, by mailbox, pipe or webhook, and what follows from them."""
