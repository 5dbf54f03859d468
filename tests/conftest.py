from __future__ import annotations

from hypothesis import HealthCheck, settings

# A loaded machine is slow, not wrong: no test fails on a clock.
settings.register_profile("comptoir", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("comptoir")
