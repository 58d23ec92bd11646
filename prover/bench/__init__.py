"""Measuring: ``suite`` reads problem sets and runs them, ``results`` stores what came out and
survives an interruption, ``compare`` puts two runs side by side, ``speed`` measures the machinery
itself.
"""
