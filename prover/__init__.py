"""A neuro-symbolic theorem prover for Lean 4.

Rooms: ``search`` (best-first orchestrator), ``lean`` (toolchains, proof-state server, verification),
``service`` (the resident server), ``cli`` (the ``prove`` command). The extension API is ``hookspecs``;
what a domain must offer is in ``domain``. Importing this package does no work.
"""

__version__ = "0.1.0"
