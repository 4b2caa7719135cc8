"""Families: who is safe and who said so, calls for help, circles, and hard news that is checked first."""
