"""Theory exploration: lemmas about the header's recursive functions, conjectured from values and proved by Lean.

`lexer`, `syntax`, `kinds`, `definitions` and `resolving` read the header; `library` and `evaluation` compute values
on `samples`, `testing` looks for counterexamples; `signature` says what terms are built from, `terms` enumerates them
and finds equations, `meanings` and `invariants` make other statements, `joint` those about functions defined
together, `rewriting` leaves out what follows from others; `proving` writes proofs, `exploring` has Lean try them,
`proposer` offers the lemmas to the search.
"""
