"""The reference campaign server: receives, verifies, books and shows what tills send."""
