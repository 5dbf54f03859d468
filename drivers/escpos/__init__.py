"""ESC/POS: pages laid out, encoded to bytes, and the printer's answers read.  Sans-I/O."""
