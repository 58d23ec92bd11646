"""Looking at searches: the page (``page``), the plots (``plots``), fragments for notebooks (``fragments``).

``reading`` rebuilds a saved search from its events, ``layout`` places its states, ``figures`` counts what happened,
``difference`` says what changed between two runs. The page's own JavaScript and CSS are in the folder ``web``.
"""
