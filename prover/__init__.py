"""A neuro-symbolic theorem prover for Lean 4.

What is asked is a ``problem``, in a ``domain``; a ``session`` has what is needed to work on it and makes ``reports``.
Plugins are found by ``plugins`` and written against ``hookspecs``, which is the whole extension API. A search can be
saved (``runs``), read again (``saved_search``) and gone on with (``continuing``).

Rooms: ``search`` (best-first orchestrator), ``lean`` (toolchains, proof-state server, verification), ``kernel`` (a
second opinion on proofs), ``service`` (the resident server), ``model`` (language models and the small models that
guide a search), ``traces`` (proofs and searches as data), ``report`` (searches as pages and plots), ``bench``
(measuring), ``scaffold`` (new plugins), ``cli`` (the ``prove`` command). Importing this package does no work.
"""

__version__ = "0.1.0"
