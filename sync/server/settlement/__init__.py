"""Paying the shops what they are owed."""
