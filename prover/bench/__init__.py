"""Measuring: ``suite`` reads problem sets, ``runner`` and ``campaign`` work through them, ``results`` stores what came
out and survives an interruption, ``compare`` and ``plots`` put runs side by side, ``ablation`` takes plugins away,
``speed`` measures the machinery itself, ``faults`` and ``fault_trial`` harm it and look whether anything is lost.
"""
