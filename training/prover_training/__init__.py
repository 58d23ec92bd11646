"""Learning, each part a command of ``prove train`` (``train_command``) or ``prove corpus`` (``corpus_command``).

Problems: ``corpus_*`` make them of the library and of families. Data: ``gather`` searches, ``elementary`` writes short
proofs, ``data`` makes pairs of state and tactic; ``curriculum`` orders them. Small models: ``ranker`` (with
``ranker_data``) and ``value``, on what ``networks`` and ``calibrating`` share. Language models: ``tiny`` makes one,
``sft`` fine-tunes it, ``rl`` reinforces it by ``rollouts``, ``alone`` searches with nothing else; ``trainers`` is what
their trainers share. ``expert_iteration`` repeats this with its ``learners``; ``evaluate`` (with ``sharing``) and
``experiment`` compare. ``mapper`` reads a model's hidden states. ``settings`` and ``card`` are every run's.
"""
