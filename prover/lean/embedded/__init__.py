"""The embedded Lean: a pinned WebAssembly build of Lean 4, its installer and its Node host.

Nothing happens at import. See docs/embedded.md for how the parts fit and what they cost.
"""
