"""What the four functions share: the manifest, the ledger, the decisions and the calls to AWS."""
