"""Learning: the corpus of problems, curricula over traces, training and evaluation."""
