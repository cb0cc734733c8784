"""What one message is: its headers, its bytes, its signature."""
