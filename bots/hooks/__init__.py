"""What is done once a trading day for each account, by whoever is alive then (safety.md 6.2)."""
