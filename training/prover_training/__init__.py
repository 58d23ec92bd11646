"""Learning: the corpus of problems, curricula over traces, searches as data, fine-tuning, reinforcement, evaluation."""
