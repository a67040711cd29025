"""Webhooks: events are sent to those who subscribed, signed, in order, at least once."""
