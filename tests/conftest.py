"""Generated examples are the same in every run, and no example fails for being slow on a busy machine.

To look further than the stored cases: ``pytest --hypothesis-profile=explore``.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, max_examples=1_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
