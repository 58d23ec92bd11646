"""Saves every search whose problem says where (``--save DIR``); see :mod:`prover.runs`."""
