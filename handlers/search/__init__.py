"""Looking for somebody nobody reaches: knocks, who may knock, the desk of matches, and lists from shelters."""
