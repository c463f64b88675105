"""From Matplotlib's SVG to one that can stand inside a page: named, described, without styles, scripts or stray ids.

Styles become presentation attributes, which a strict content security policy allows and which the page's own style
sheet can override, so that one figure serves light, dark and paper.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
DROPPED_TAGS = frozenset({"metadata", "style", "title"})
DROPPED_STYLES = frozenset({"font-family", "font", "mix-blend-mode"})
ROUNDED = frozenset({"d", "x", "y", "width", "height", "transform", "cx", "cy", "r"})
NUMBER = re.compile(r"-?\d+\.\d+")
REFERENCE = re.compile(r"url\(#([^)]+)\)")
NO_TURN = re.compile(r"rotate\(-?0(\.0+)? [^)]*\)")


def finished(raw: str, name: str, title: str, description: str) -> str:
    """Return the figure with its title and description, and ids that begin with `name`.

    Parameters
    ----------
    raw
        What Matplotlib's SVG canvas wrote.
    name
        Identifier that is unique in the page: letters, digits and dashes.
    title, description
        For people who do not see the figure; shown nowhere else.
    """
    root = ET.fromstring(raw)  # noqa: S314 - written by Matplotlib a moment ago, not from outside
    _drop(root)
    kept = {reference for element in root.iter() for reference in _references(element)}
    for element in root.iter():
        _tidy(element, name, kept)
    box = root.attrib["viewBox"]
    _, _, wide, high = box.split()
    root.attrib.clear()
    root.attrib.update(
        {
            "xmlns": NAMESPACE,
            "width": wide,
            "height": high,
            "viewBox": box,
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
            "font-family": FONT,
            "stroke-linejoin": "round",
        }
    )
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        label = ET.Element(tag, {"id": f"{name}-{tag}"})
        label.text = text
        root.insert(place, label)
    return ET.tostring(root, encoding="unicode") + "\n"


def height(drawing: str) -> float:
    """Height of a finished figure in its own units, all figures being equally wide."""
    found = re.search(r'viewBox="[\d.]+ [\d.]+ [\d.]+ ([\d.]+)"', drawing)
    return float(found[1]) if found else 0.0


def inline(figure: str) -> str:
    """Return a `finished` figure for use inside HTML: no namespace, and as wide as its place allows."""
    head, rest = figure.split(">", 1)
    for attribute in ("xmlns", "width", "height"):
        head = re.sub(rf' {attribute}="[^"]*"', "", head, count=1)
    return f"{head}>{rest}"


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _drop(element: ET.Element) -> None:
    for child in list(element):
        if _local(child.tag) in DROPPED_TAGS:
            element.remove(child)
        else:
            _drop(child)


def _references(element: ET.Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if _local(key) == "href":
            yield value.removeprefix("#")
        else:
            yield from REFERENCE.findall(value)


def _tidy(element: ET.Element, name: str, kept: set[str]) -> None:
    element.tag = _local(element.tag)
    if element.tag != "text":
        element.text = None
    element.tail = "\n"
    plain: dict[str, str] = {}
    for key, value in element.attrib.items():
        local = _local(key)
        if local == "style":
            plain.update(_declarations(value))
        elif local == "id":
            plain |= {"id": f"{name}-{value}"} if value in kept else {}
        else:
            plain[local] = f"#{name}-{value.removeprefix('#')}" if local == "href" else value
    if element.tag == "path" and "id" in plain:  # a marker: its colours are those of the place that uses it
        plain = {key: value for key, value in plain.items() if key not in {"fill", "stroke"}}
    element.attrib.clear()
    for key, value in plain.items():
        pointed = REFERENCE.sub(rf"url(#{name}-\1)", value)
        short = NUMBER.sub(_rounded, pointed) if key in ROUNDED else pointed
        if not NO_TURN.fullmatch(short):
            element.attrib[key] = " ".join(short.split()) if key == "d" else short


def _declarations(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.split(";") if part.strip())
    return {key.strip(): value.strip() for key, _, value in pairs if key.strip() not in DROPPED_STYLES}


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
