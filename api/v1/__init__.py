"""The risk API, version 1: what programs read and set in motion. Its contract is its OpenAPI document."""
