"""The slow proofs of the till's promises: power cuts, failing disks, kills, broken links.

Run by scripts/prove. Nothing of the product imports this.
"""
