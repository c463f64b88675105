"""Base of every section of the study file."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in the study file: frozen, and no key is ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
