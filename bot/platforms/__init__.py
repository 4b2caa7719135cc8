"""The platforms: each translates between a messenger and the house, and decides nothing."""
