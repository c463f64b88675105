"""Text that stands in the study file without quotes."""

import re


class Plain(str):
    """A YAML scalar written without quotes."""

    __slots__ = ()


WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
