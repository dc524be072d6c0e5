"""The code that the functions share: manifest, ledger, decisions and the calls to AWS."""
