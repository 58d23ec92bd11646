"""The ``prove`` command: one file per command, every heavy import inside the function that needs
it.

``main`` is the entry point and the error boundary, ``inputs`` turns what the user typed into a
problem, ``output`` and ``live`` are what the user sees. ``prove --help`` must stay under half a
second.
"""
