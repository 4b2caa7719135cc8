"""The playground: a local page where a fictional community lives, four phones side by side, and nothing leaves home."""
