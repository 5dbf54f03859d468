"""The Textual front: it draws the views of pos.app and calls its use cases; it decides nothing."""
