"""From recordings to training batches: clips, padding as zero weight, pairs."""
