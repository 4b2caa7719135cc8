"""The places where people can be anybody: the messenger in memory, the page and the terminal."""
