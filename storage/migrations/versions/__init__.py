"""One file for each schema, in order; a file that was released never changes."""
