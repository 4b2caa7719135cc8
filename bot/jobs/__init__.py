"""Slow work, done outside any transaction."""
