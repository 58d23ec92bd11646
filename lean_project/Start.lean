module
public meta import ProofServer.Serve
public import ProofServer.Serve
#serve
