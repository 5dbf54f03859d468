"""Facts of the outside world that are checked at entry: SIRET, NAF, IBAN, opening hours."""
