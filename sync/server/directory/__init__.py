"""Where shoppers find shops: what is searched, what is found, and whether it is open."""
