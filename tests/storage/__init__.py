"""What is kept, how it is kept, and what happens when that fails."""
