"""Theory exploration: lemmas about the header's recursive functions, conjectured from values and proved by Lean.

`lexer`, `syntax`, `kinds` and `definitions` read the header; `library` and `evaluation` compute values; `signature`
says what terms are built from, `terms` enumerates them and finds equations, `rewriting` leaves out what follows from
others; `proving` writes proofs, `exploring` has Lean try them, `proposer` offers the lemmas to the search.
"""
