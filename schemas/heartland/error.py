"""An error body."""

from __future__ import annotations

from pydantic import Field

from schemas.wire import Wire


class ErrorBody(Wire):
    """``error`` is a stable word; ``details`` says what is wrong by the path of the field."""

    error: str
    message: str = ""
    details: dict[str, str] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """Message and details in one."""
        details = "; ".join(f"{path}: {problem}" for path, problem in self.details.items())
        return f"{self.message} ({details})" if details else self.message or self.error
