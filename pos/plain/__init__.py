"""The same till as lines of text: for screen readers, scripts and tests."""
