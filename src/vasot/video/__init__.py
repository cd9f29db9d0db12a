"""Video files: what is in them, their frames at given instants, and writing new ones."""
