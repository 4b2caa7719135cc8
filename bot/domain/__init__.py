"""What is true whatever the platform, the database or the language: pure, no I/O, no clock, no dice."""
