"""Petitions: written and reviewed, signed and withdrawn, relayed, and delivered in packets."""
