"""A small type checker for Lean's terms, in Python: the second opinion of ``prove check``.

``terms`` has levels and expressions, ``reader`` makes them of what Lean exports, ``declarations`` says
what a constant is, ``reduction`` computes, ``checker`` infers types and compares them, ``audit`` checks
a theorem with all that it depends on in the text at hand.

It shares no code with Lean's kernel. It answers accepted, rejected, or that it gave up and over what;
it is only ever asked about what Lean's kernel accepted before, so that it can take an acceptance away
and never give one. The types of imported constants, and the shape of inductive types with their
recursors, it takes from Lean as they are.
"""
