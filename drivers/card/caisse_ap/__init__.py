"""Caisse-AP 3.x ("Concert V3"): tagged text fields, on TCP or inside the Concert link."""
