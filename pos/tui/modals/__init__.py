"""What opens over the sale and answers one question."""
