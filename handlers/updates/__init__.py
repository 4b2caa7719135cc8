"""Verified updates: drafts and reviews, bulletins on their way, rumours, the hotline, and what is really ours."""
