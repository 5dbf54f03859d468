"""The other end of each codec: pure state machines, served on a pty, on TCP or in memory."""
