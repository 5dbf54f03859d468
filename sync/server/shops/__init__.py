"""Enrolling shops: the register, lists, pairing codes, letters and stickers."""
