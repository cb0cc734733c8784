"""The books of a send: its chunks, what a worker did with each, what this machine has sent, and how many stand where."""
