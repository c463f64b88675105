"""The recursion as one operation: what it gives, and its gradient."""

import numpy as np
import pytest

CLOSE = 1e-12


@pytest.fixture(scope="module")
def given() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    factor = rng.uniform(-0.5, 0.9, 12)
    factor[[0, 6]] = 0.0  # a new area begins
    return factor, rng.normal(size=12), rng.normal(size=12)


def direct(factor: np.ndarray, step: np.ndarray) -> np.ndarray:
    x = np.zeros(step.size + 1)
    for t in range(step.size):
        x[t + 1] = factor[t] * x[t] + step[t]
    return x[:-1]


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
def test_it_is_the_recursion_and_its_gradient_is_right(mode: str, given: tuple[np.ndarray, ...]) -> None:
    import pytensor
    import pytensor.tensor as pt

    from models.bayes.recursion import before

    factor, step, weight = given
    a, b = pt.dvector(), pt.dvector()
    taken = before(a, b)
    run = pytensor.function([a, b], [taken, *pt.grad((taken * weight).sum(), [a, b])], mode=mode)
    found, of_factor, of_step = run(factor, step)
    np.testing.assert_allclose(found, direct(factor, step), rtol=CLOSE)
    h = 1e-6
    for gradient, at in ((of_factor, 0), (of_step, 1)):
        for t in range(12):
            move = np.zeros(12)
            move[t] = h
            ends = [direct(factor + s * move * (at == 0), step + s * move * (at == 1)) for s in (1, -1)]
            assert gradient[t] == pytest.approx(weight @ (ends[0] - ends[1]) / (2 * h), abs=1e-8)
