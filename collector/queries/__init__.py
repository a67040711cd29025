"""Every read that fills a list, a counter, a page or an export: one function each, so that they cannot disagree.

All take an open connection of the store. Lists come in pages; a page's cursor is opaque and holds the last row's sort key
and id, so that rows which appear, vanish or move never make a page repeat or skip the others.
"""
