"""The sandbox: ``client`` is the side that the prover uses, ``dialogue`` talks to interactive programs,
``inside`` is what runs within."""
