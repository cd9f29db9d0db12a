"""Choosing the number of actions: many fits, and which number of actions comes out the same again."""
