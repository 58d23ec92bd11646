"""Orders training data by difficulty.

``difficulty`` holds the curricula (proof length, exponential proof length, model-based, uniform, anti),
``schedule`` stages data and paces through the stages, ``feed`` records what was fed when and plots it,
``annotations`` brings a person's corrections in, ``command`` is ``prove curriculum``, ``plugin`` registers all.
"""
