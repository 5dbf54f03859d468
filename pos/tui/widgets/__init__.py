"""The pieces of the screen, drawn row by row on Textual's line API."""
