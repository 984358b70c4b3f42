"""Traces, where a token is given."""
