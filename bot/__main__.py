"""The command line: `payvand`."""
