"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import settings

# no deadline: the first example pays for imports and compiled kernels, and the machine may be busy with others
settings.register_profile("swope", deadline=None)
settings.load_profile("swope")
