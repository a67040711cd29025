"""Ticket systems of the city: one connector a file, all of one shape (:mod:`api.ticketing.ticketing`), no database."""
