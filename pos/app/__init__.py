"""The use cases, one verb a file, and the ports through which they reach the world."""
