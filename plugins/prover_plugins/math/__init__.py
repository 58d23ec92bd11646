"""The ``math`` domain: equations, expressions, limits, derivatives, integrals, sums and small integer problems.

In this process: ``text`` reads expressions with a parser of its own (nothing is ever evaluated as Python), ``tasks``
reads problems and answers, ``environment`` is the domain, ``proposer`` the moves that work without a model,
``process`` runs the child. In the child, with limits on time and memory and the only place where sympy is imported:
``worker`` (the loop), ``algebra`` (to and from sympy, equality), ``moves`` (one step) and ``equivalence`` (its check),
``solutions`` and ``values`` (the check of a final answer against the problem, from scratch; ``exact`` is integer
arithmetic without sympy). ``command`` and ``suite`` are ``prove math``; ``lean_hints`` turns a solution into hints for
a Lean statement.
"""
