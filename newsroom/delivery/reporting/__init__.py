"""What people are told: where a send stands, who got what, and what became of issues, in figures."""
