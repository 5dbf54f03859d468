from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.sampling import examples

EXAMPLES = 100  # of each property, unless it says otherwise

# A loaded machine is slow, not wrong: no test fails on a clock.
settings.register_profile(
    "comptoir",
    deadline=None,
    max_examples=examples(EXAMPLES, 4),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("comptoir")
