"""What runs inside the sandbox: standard library only, imported by an isolated interpreter (``-I -S``).

``host`` is the first process and forks one confined process for each run; ``confine``, ``landlock`` and
``seccomp`` take away what tested code must not have; ``subject`` runs the tested code, ``judge`` the tests,
``program`` an interactive program; ``codec`` is the plain data that subject and judge exchange.
"""
