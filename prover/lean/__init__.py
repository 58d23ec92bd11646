"""Lean as a domain: which Lean (``toolchain``), one process (``server``, and in ``holdings`` what its callers hold),
many (``pool``), the messages between Python and the Lean-side server (``protocol``), proof states (``goals``), source
files (``source``), the domain itself (``environment``), the from-scratch check behind the word "proved" (``verify``).
"""
