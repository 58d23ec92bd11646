"""Traces of proofs, in LeanDojo's format and beyond it.

``theorem`` holds the records, ``stream`` reads JSON arrays of any size in bounded memory, ``benchmark`` reads
and writes a folder of the LeanDojo Benchmark 4, ``splits`` divides theorems as the benchmark does, ``tracer``
makes traces of Lean files with our own server, ``verify`` replays them in Lean, ``from_search`` turns a saved
search into traces, ``searches`` keeps searches as data, ``leandojo`` traces a repository with the lean-dojo package.
"""
