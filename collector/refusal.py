"""Something that a person asked for was not done."""


class ActionRefused(Exception):
    """The message says why, and nothing was changed. ``code`` is stable, for programs."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
