"""The words of the organisers' pages, in French and in English, one module an area."""
