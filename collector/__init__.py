"""KEEP: inventory, findings, score, schedule, storage, delivery."""
