"""Elasticsearch as a place that documents go to: templates, client, shipper."""
