"""Goals, hypotheses and the header's lemmas as graphs: ``clauses`` reads them, ``closure`` draws conclusions
(a hypergraph of implications), ``relations`` finds chains of =, ≤, <, ∣ and the like as shortest paths,
``prove`` puts both together into one proof term, ``module`` proposes it.
"""
