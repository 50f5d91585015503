"""Client of the tidings API: sync and async, with retries, pages, problems as exceptions and webhook signatures."""

from tidings_client.client import AsyncClient, Client
from tidings_client.errors import BadSignature, NoAnswer, NotTidings, Problem, TidingsError
from tidings_client.lines import AsyncLines, Lines
from tidings_client.retry import Retries
from tidings_client.stream import AsyncStream, Stream
from tidings_client.webhook import verify

__all__ = [
    "AsyncClient",
    "AsyncLines",
    "AsyncStream",
    "BadSignature",
    "Client",
    "Lines",
    "NoAnswer",
    "NotTidings",
    "Problem",
    "Retries",
    "Stream",
    "TidingsError",
    "verify",
]
