"""What other programs report, taken in: one file a format."""
