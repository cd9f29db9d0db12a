"""Training losses: plain functions of embeddings and transport plans."""
