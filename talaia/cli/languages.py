"""The language of titles and remedies on the command line."""

import os
from enum import StrEnum
from typing import Annotated

import typer


class Language(StrEnum):
    CA = "ca"
    ES = "es"
    EN = "en"


def spoken() -> Language:
    """The language of this terminal (``LC_ALL``, ``LC_MESSAGES``, ``LANG``), English where it is none of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        word = os.environ.get(name, "")[:2]
        if word in set(Language):
            return Language(word)
    return Language.EN


LanguageOption = Annotated[
    Language,
    typer.Option(
        "--language", "-l", envvar="TALAIA_LANGUAGE", default_factory=spoken, show_default="the terminal's",
        help="Of titles and remedies.",
    ),
]  # fmt: skip
