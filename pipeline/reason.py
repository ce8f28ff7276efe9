"""Why something was not computed, and what that makes of a star."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """Why something was not computed.

    Attributes
    ----------
    text : for people.
    fault : whether it is our own error; else it is the data's, which do not allow it.
    """

    text: str
    fault: bool = False

    @classmethod
    def broke(cls, what: str, error: Exception) -> Reason:
        """The reason where `what` ended in an exception, which should not have been.

        Examples
        --------
        >>> Reason.broke("the fit", ValueError("no rows"))
        Reason(text='the fit failed: ValueError: no rows', fault=True)
        """
        return cls(f"{what} failed: {type(error).__name__}: {error}", fault=True)


def status_of(reasons: Mapping[str, Reason | None]) -> tuple[str, str | None]:
    """Status and reason of a star's row.

    Parameters
    ----------
    reasons : by what was asked, why it was not computed; None where it was.

    Returns
    -------
    "ok"; "partial" where something was not computed, "failed" where our own code broke; and the reasons in a line.

    Examples
    --------
    >>> status_of({"period": Reason("8 good rows; a period needs 10"), "class": None})
    ('partial', 'period: 8 good rows; a period needs 10')
    """
    missing = {what: reason for what, reason in reasons.items() if reason is not None}
    if not missing:
        return "ok", None
    status = "failed" if any(reason.fault for reason in missing.values()) else "partial"
    return status, "; ".join(f"{what}: {reason.text}" for what, reason in missing.items())
