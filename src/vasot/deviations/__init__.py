"""What recordings are held against: references, how far they differ among themselves, and what differs from them."""
