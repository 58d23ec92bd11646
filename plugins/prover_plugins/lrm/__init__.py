"""The language model in the search: ``lrm`` proposes steps, ``ranker`` judges the steps that others propose.

``plugin`` registers both, ``proposer`` asks a language model (``PROVER_MODEL``, or the model that a problem names),
``ranker`` reads the small default model. Without a model, numpy or torch they are silent.
"""
