"""Which deployment the command works on, and how it reaches AWS."""
