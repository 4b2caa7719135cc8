"""The sentences of Payvand in every language, and the tools of whoever translates them."""
