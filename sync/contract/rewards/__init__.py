"""What a campaign gives: its rules as data, and the one evaluator that till and server both run."""
