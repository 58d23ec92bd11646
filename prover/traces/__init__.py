"""Traces of proofs: LeanDojo's format, and what a search leaves behind."""
