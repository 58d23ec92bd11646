"""Fits and measures the symbolic mapper (:mod:`prover.model.symbolic_mapper`) on encodings.

``structures`` asks Lean what each encoded state is, ``examples`` (spans) and ``states`` (whole states and steps) join
that with the hidden states, ``probes``, ``alignment`` and ``value`` fit one part each, ``fit`` puts them together,
``measure`` sets them beside controls on held-out modules (``untrained`` is one of these), ``showing`` makes tables and
figures of that, ``reading`` reads a saved search, ``command`` is ``prove mapper``.
"""
