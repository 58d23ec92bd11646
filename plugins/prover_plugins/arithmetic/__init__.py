"""The ``arithmetic`` reasoning module: what can be computed about a Lean goal of Nat, Int, Rat and Bool.

``language`` is a goal as typed terms, ``reading`` parses Lean's text into them (with ``lexer``, and ``constants`` that
it knows), ``semantics`` evaluates them as Lean would (truncated subtraction, division by zero, Euclidean remainders).
``goals`` reads a whole goal, refusing what it does not fully understand; ``counterexamples`` searches values for which
it is false. ``witnesses``, ``residues``, ``squares`` (with ``linear``), ``subtraction``, ``divisors``, ``products``,
``elimination`` and ``factoring`` propose steps (``steps`` and ``polynomials`` are what they share, the latter the only
part that needs sympy, imported when used); Lean checks them. ``module`` puts it together.
"""
