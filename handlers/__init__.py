"""What people can do: a handler reads, asks the rules, writes, and returns what to say."""
