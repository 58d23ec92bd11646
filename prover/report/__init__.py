"""Looking at searches: the page (``page``), plots (``plots``, on ``canvas``), pieces for notebooks (``fragments``).

What they show is a :class:`prover.saved_search.SavedSearch`: ``layout`` places its states, ``looks`` says how each is
shown, ``figures`` counts what happened, ``difference`` says what changed between two runs. The page's own JavaScript
and CSS are in the folder ``web``.
"""
