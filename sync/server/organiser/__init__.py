"""What organisers ask for: campaigns, shops, figures, exports."""
