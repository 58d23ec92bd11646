"""The domain ``code``: write a function that passes its tests, in a sandbox that hostile code cannot leave.

``tasks`` and ``checks`` read problems, ``sandbox`` runs code, ``environment`` is the domain, ``reward`` its
reward signal, ``synthesis`` and ``repair`` propose programs without a model, ``command`` is ``prove code``.
"""
