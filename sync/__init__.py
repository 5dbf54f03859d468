"""The campaign link: contract, client and reference server. Knows neither till nor hardware."""
