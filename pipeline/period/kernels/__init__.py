"""Compiled inner loops of the period search. Import them only where they are used: numba takes half a second."""
