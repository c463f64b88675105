"""A linear recursion over cells as one operation of PyTensor, with its gradient.

Written as slices and sums, an autoregression takes seven rounds of operations that are each compiled; a product with a
matrix costs as much. Here it is one loop forward and one back. Imported only where a model is compiled.
"""

from typing import Any

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key
from pytensor.tensor import as_tensor_variable

from models.arrays import FloatArray

VERSION = 1  # of the compiled loops: to be raised when they change, since they are kept on disk


def before(factor: Any, step: Any) -> Any:
    """What each element of x[t] = factor[t] x[t-1] + step[t] takes over: x[t-1], and 0 for the first.

    Parameters
    ----------
    factor, step
        Tensors of shape (N,).

    Returns
    -------
    tensor of shape (N,)
    """
    return Before()(factor, step)


class Before(Op):  # type: ignore[misc, unused-ignore]
    """The recursion; see `before`."""

    __props__ = ()

    def make_node(self, factor: Any, step: Any) -> Any:
        """Apply to two vectors."""
        factor, step = as_tensor_variable(factor), as_tensor_variable(step)
        return Apply(self, [factor, step], [step.type()])

    def perform(self, node: Any, inputs: list[FloatArray], output_storage: list[list[FloatArray]]) -> None:
        """Run without compiling."""
        del node
        output_storage[0][0] = _before(*inputs)

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Carry a gradient of the output to factor and step."""
        return list(BeforeGradient()(inputs[0], outputs[0], cotangents[0]))


class BeforeGradient(Op):  # type: ignore[misc, unused-ignore]
    """Gradient of `Before` with respect to factor and step."""

    __props__ = ()

    def make_node(self, factor: Any, taken: Any, gradient: Any) -> Any:
        """Apply to the factor, what was taken over, and the gradient of the latter."""
        given = [as_tensor_variable(x) for x in (factor, taken, gradient)]
        return Apply(self, given, [given[0].type(), given[1].type()])

    def perform(self, node: Any, inputs: list[FloatArray], output_storage: list[list[FloatArray]]) -> None:
        """Run without compiling."""
        del node
        output_storage[0][0], output_storage[1][0] = _gradient(*inputs)


def _before(factor: FloatArray, step: FloatArray) -> FloatArray:
    taken = np.empty(step.shape[0])
    value = 0.0
    for t in range(step.shape[0]):
        taken[t] = value
        value = factor[t] * value + step[t]
    return taken


def _gradient(factor: FloatArray, taken: FloatArray, gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Run the recursion backwards: each step counts in every later element, by the factors between them."""
    of_factor, of_step = np.empty(taken.shape[0]), np.empty(taken.shape[0])
    value = 0.0
    for t in range(taken.shape[0] - 1, -1, -1):
        of_step[t] = value
        of_factor[t] = value * taken[t]
        value = gradient[t] + factor[t] * value
    return of_factor, of_step


def _compile_before(op: Any, **_: Any) -> tuple[Any, int]:
    del op
    return numba_njit(_before), VERSION


def _compile_gradient(op: Any, **_: Any) -> tuple[Any, int]:
    del op
    return numba_njit(_gradient), VERSION


register_funcify_default_op_cache_key(Before)(_compile_before)
register_funcify_default_op_cache_key(BeforeGradient)(_compile_gradient)
