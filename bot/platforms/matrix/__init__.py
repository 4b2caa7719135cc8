"""Matrix, encrypted from end to end: letters out, news in, and nothing decided here."""
