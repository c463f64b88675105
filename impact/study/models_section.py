"""The key ``models``: a list of names, or a mapping of names to options; both built from the registry of models."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from impact.study.base import Section
from impact.study.plain import WHOLE, Plain
from impact.study.scalars import Flag, Integer, Number, to_text
from models.registry import MODELS

FIELD_TYPES: dict[Any, Any] = {
    int: Integer,
    int | None: Integer | None,
    float: Number,
    float | None: Number | None,
    bool: Flag,
}


def _built(name: str) -> str:
    if name not in MODELS:
        raise PydanticCustomError("unknown_model", "there is no model '{name}'", {"name": name})
    return name


type ModelName = Annotated[
    str,
    BeforeValidator(to_text),
    AfterValidator(_built),
    WithJsonSchema({"type": "string", "enum": list(MODELS)}),
]


class ModelOptionsSection(Section):
    """Options of one model; checked by the model's own dataclass."""

    @model_validator(mode="after")
    def _accepted(self, info: ValidationInfo) -> "ModelOptionsSection":
        del info
        try:
            self.options()
        except ValueError as error:
            raise PydanticCustomError("model_option", "{reason}", {"reason": str(error)}) from None
        return self

    def options(self) -> Any:
        """Return the model's own options dataclass."""
        name = type(self).__name__.removeprefix("OptionsOf_")
        return MODELS[name].options(**{key: getattr(self, key) for key in type(self).model_fields})


def _section_of(name: str) -> type[ModelOptionsSection]:
    hints = get_type_hints(MODELS[name].options)
    words = _option_words(MODELS[name].options)
    entries: dict[str, Any] = {
        f.name: (
            Annotated[_field_type(hints[f.name]), AfterValidator(_alone(name, f.name))],
            Field(default=f.default, description=words.get(f.name)),
        )
        for f in fields(MODELS[name].options)
    }
    return create_model(f"OptionsOf_{name}", __base__=ModelOptionsSection, __doc__=MODELS[name].title, **entries)


def _field_type(hint: Any) -> Any:
    """Return the type of an option in a study file, where a number arrives as plain text."""
    one_of = [value for part in (hint, *get_args(hint)) if get_origin(part) is Literal for value in get_args(part)]
    if one_of and all(isinstance(value, int) for value in one_of):
        return Annotated[hint, BeforeValidator(_as_whole)]
    return FIELD_TYPES.get(hint, hint)


def _as_whole(value: object) -> object:
    return int(value) if isinstance(value, Plain) and WHOLE.fullmatch(value) else value


def _alone(model: str, option: str) -> Callable[[Any], Any]:
    """Return a check of one option by itself, so that each wrong option is found and has a place."""

    def check(value: Any) -> Any:
        try:
            MODELS[model].options(**{option: value})
        except ValueError as error:
            raise PydanticCustomError("model_option", "{reason}", {"reason": str(error)}) from None
        return value

    return check


def _option_words(options: type[Any]) -> dict[str, str]:
    """Return what the docstring of an options dataclass says about each option."""
    entries = re.findall(r"^(\w+)\n((?:    .+\n?)+)", inspect.getdoc(options) or "", re.MULTILINE)
    return {name: " ".join(text.replace("`", "").split()) for name, text in entries}


def _no_options(value: object) -> object:
    return {} if value is None else value


def _mapping_section() -> type[Section]:
    built: dict[str, Any] = {
        name: (
            Annotated[_section_of(name) | None, BeforeValidator(_no_options)],
            Field(default=None, description=MODELS[name].title),
        )
        for name in MODELS
    }
    return create_model("ModelOptions", __base__=Section, **built)


ModelOptions = _mapping_section()


def _form(value: object) -> Literal["list", "mapping"]:
    return "mapping" if isinstance(value, Mapping | BaseModel) else "list"


type Models = Annotated[
    Annotated[tuple[ModelName, ...], Field(min_length=1), Tag("list")] | Annotated[ModelOptions, Tag("mapping")],  # type: ignore[valid-type]
    Discriminator(_form),
]


def chosen_options(models: Any) -> dict[str, Any]:
    """Options dataclass of each chosen model: in the order of the list, or for a mapping in the registry's."""
    if isinstance(models, Section):
        given = {name: getattr(models, name) for name in MODELS if name in models.model_fields_set}
        return {name: MODELS[name].options() if o is None else o.options() for name, o in given.items()}
    return {name: MODELS[name].options() for name in models}
