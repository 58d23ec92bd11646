"""The language model in the search: ``lrm`` proposes steps, ``ranker`` judges the steps that others propose,
``progress`` and ``latent`` value states.

``plugin`` registers all, ``proposer`` asks a language model (``PROVER_MODEL``, or the model that a problem names),
``ranker`` reads the small default model, ``value`` a small model of states and a mapper of the language model's hidden
states. Without a model, numpy or torch they are silent.
"""
