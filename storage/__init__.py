"""Rows in, rows out: the only package that speaks SQL and the only one that holds keys."""
