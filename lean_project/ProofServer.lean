module
public import ProofServer.Serve
