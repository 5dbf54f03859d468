"""The rules of the sale: pure, synchronous, standard library only."""
