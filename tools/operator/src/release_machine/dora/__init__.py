"""How well changes are delivered: DORA's five metrics, from the records of releases."""
