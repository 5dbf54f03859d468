"""Simulated card terminals: each decides by its protocol alone and keeps its own ledger."""
