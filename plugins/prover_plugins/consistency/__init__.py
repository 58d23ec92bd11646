"""Consistency checks for Lean's answers: a second look that shares nothing with the first but the verdict."""
