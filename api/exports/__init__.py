"""Findings in the forms that other programs read, written piece by piece: a million need no more memory than a page."""
