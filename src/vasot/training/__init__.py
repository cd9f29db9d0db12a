"""Training, run folders and trained models."""
