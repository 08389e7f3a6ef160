"""What a user did wrong or lacks, as one line."""

BAD_INPUT = 252
"""Exit code of bad input: an image, an option or a missing tool."""


class UserError(Exception):
    """One line that says what is wrong, where, and the mend; `code` is the exit code."""

    def __init__(self, message: str, *, code: int = BAD_INPUT):
        super().__init__(message)
        self.code = code
