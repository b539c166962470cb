"""What the API refuses, in its own words: ``{error, message, details}``."""

from __future__ import annotations

from collections.abc import Mapping


class ApiError(Exception):
    """An answer that is not a success.

    Attributes:
        status: of the HTTP answer.
        error: the stable word.
        details: what is wrong, by the path of the field.
        headers: besides the usual ones.
    """

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        *,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        return {"error": self.error, "message": self.message, "details": self.details}


def invalid(details: Mapping[str, str]) -> ApiError:
    """Fields that are wrong."""
    fields = ", ".join(sorted(details))
    return ApiError(400, "validation_error", f"Validation failed: {fields}", details=details)


def bad_request(message: str, details: Mapping[str, str] | None = None) -> ApiError:
    """A request that cannot be read, or asks for what the route does not have."""
    return ApiError(400, "invalid_request", message, details=details)


def not_found(what: str) -> ApiError:
    """No such resource or route."""
    return ApiError(404, "not_found", f"{what} was not found")


def fault(status: int) -> ApiError:
    """The body of a fault that the panel causes."""
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return ApiError(status, "rate_limited", "Too many calls, slow down")
    return ApiError(status, "internal_error", "Something went wrong here")
