"""What till and server must agree on: entries, signatures, messages. Pure."""
