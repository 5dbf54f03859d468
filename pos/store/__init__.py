"""What the till keeps on disk: the journal, what is under way, the catalogue, the staff."""
