"""The ``arithmetic`` reasoning module: what can be computed about a Lean goal of Nat, Int, Rat and Bool.

``language`` is a goal as typed terms, ``reading`` parses Lean's text into them (with ``lexer``, and ``constants`` that
it knows), ``semantics`` evaluates them as Lean would (truncated subtraction, division by zero, Euclidean remainders).
``goals`` reads a whole goal, refusing what it does not fully understand; ``counterexamples`` searches values for which
it is false. ``witnesses``, ``residues``, ``squares``, ``fractions`` (denominators), ``boxes`` (integers bounded by a
quadratic), ``systems`` (of equations), ``subtraction``, ``divisors``, ``products``, ``elimination`` and ``factoring``
propose steps; Lean checks them. They share ``steps``, ``certificates`` (sums of squares and products, with ``linear``)
and ``polynomials``, the only part that needs sympy, imported when used. ``module`` puts it together.
"""
