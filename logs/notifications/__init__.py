"""Telling people: the journal is read by its numbers, and what matters to a person goes to their channels."""
