"""The shop's own page: its figures, what it is owed, its tills, how shoppers find it."""
