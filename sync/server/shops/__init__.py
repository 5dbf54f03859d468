"""The shop's own page."""
