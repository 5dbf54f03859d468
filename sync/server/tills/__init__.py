"""What tills ask for: to enrol, to send entries, to hear news."""
