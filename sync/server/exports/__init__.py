"""Files that leave the server: tables, the map of shops, and what may be published of figures."""
