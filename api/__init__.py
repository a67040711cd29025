"""SHOW: the risk API and the dashboard."""
