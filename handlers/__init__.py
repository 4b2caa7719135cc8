"""A handler hears a person, asks the rules, writes, and returns what to say: no language, platform or network here."""
