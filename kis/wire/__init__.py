"""KIS's wire format: building requests and reading answers. Pure: no sockets, no clock, no waiting.

Reading is tolerant by name (case, aliases, padding, additions) and strict by meaning: a blank is no number.
"""
