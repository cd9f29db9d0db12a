"""Annotations that people made in other programs: reading them, and writing them as ground truth."""
