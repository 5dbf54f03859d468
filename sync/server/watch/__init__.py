"""Watching a campaign: figures, forecast, estimate, charts, and the dashboard that shows them."""
