"""A worker's way through a send: turns, pace, the fate of each message, and what a killed worker leaves."""
