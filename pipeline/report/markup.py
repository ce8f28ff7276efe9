"""HTML in which every text is escaped unless it was made here."""

from __future__ import annotations

import re
from html import escape

#: Control characters have no place in HTML, whatever file they came from.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_VOID = frozenset({"br", "hr", "img", "input", "meta"})


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def text(content: object) -> Html:
    """Escape a text; HTML stays as it is."""
    if isinstance(content, Html):
        return content
    return Html(escape(_CONTROL.sub("\ufffd", str(content)), quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element; children and attribute values are escaped.

    Parameters
    ----------
    name : of the element.
    children : texts or elements; None is left out.
    attributes : by name; ``class_`` and ``for_`` lose the underscore, other underscores become hyphens. True gives an
        attribute without a value, None and False leave it out.

    Examples
    --------
    >>> tag("td", "<b>", class_="number", data_sort=1)
    '<td class="number" data-sort="1">&lt;b&gt;</td>'
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: object) -> Html:
    """Texts and elements after one another; None is left out."""
    return Html("".join(text(child) for child in children if child is not None))
