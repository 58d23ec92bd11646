"""Language models for proving: what the search needs of one, two ways to run one, prompts of known families.

``language_model`` is the protocol, ``transformers_backend`` runs a model in this process, ``openai_backend``
asks a server, ``prompts`` writes each family's prompt and reads its answers, ``loading`` chooses by name.
``ranker`` is the small model that says which of the candidates that others propose is worth trying.
``trace_encoder`` records hidden states (``layers``: by hooks) of the ``spans`` of each step of ``step_sources``,
``encodings`` keeps them on disk, ``overhead`` measures what that costs, ``symbolic_mapper`` reads them, ``steering``
changes what a model sees and thinks; ``tensors`` reads safetensors without torch.
Nothing here is imported until a model is used; torch is an extra.
"""
