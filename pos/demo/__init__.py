"""The shop in a box: a small grocer's, its neighbours on the wire, and real baskets rung up."""
