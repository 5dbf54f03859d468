"""Card terminals: pure codecs and link states; bytes in, events out."""
