"""Programs from examples, without a model: typed bottom-up enumeration of expressions.

``operations`` is the grammar, ``bank`` enumerates it by cost and keeps one expression of those that give the
same values, ``sketches`` builds comprehensions, folds, recurrences and conditionals on it, ``examples`` reads the
visible tests and makes further inputs from them, ``proposer`` puts it together.

The inputs that nothing is expected of ("probes") matter: with two or three examples, many wrong expressions
give the right values, and expressions that differ elsewhere must not be taken for the same.
"""
