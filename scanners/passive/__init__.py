"""Passive listening: what hosts say of themselves while nobody asks. Nothing is ever sent from here."""
