"""Networks that turn feature vectors into embeddings."""
