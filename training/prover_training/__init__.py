"""Learning from searches: attempts and their record, fine-tuning, reinforcement, expert iteration, evaluation."""
