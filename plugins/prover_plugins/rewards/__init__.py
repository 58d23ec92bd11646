"""The built-in reward signals (:mod:`prover.reward`), registered as any plugin's would be."""
