"""Finds library lemmas for a goal: ``module`` reads states, ``candidates`` turns lemmas into tactics, ``dense``
optionally reorders them by a language encoder, ``recall`` measures how often the right ones are found.

The index and its ranking are the core's (:mod:`prover.lean.library`): any plugin may ask them.
"""
