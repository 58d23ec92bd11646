"""``prove plugins new``: writes a working plugin package, one template file for each kind.

The templates are ordinary Python with ``__NAME__`` for the plugin's name and ``__CLASS__`` for its class; the
tests that they bring pass as generated.
"""
