"""All that a Python backend needs of Tidings: a token for who connects, and the HTTP API. Of the standard library alone."""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from typing import Any


class TidingsError(Exception):
    """What the HTTP API answers where it does not do what it was asked (RFC 9457)."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class Tidings:
    def __init__(self, url: str, api_key: str, jwt_secret: str) -> None:
        self.url = url.rstrip("/")
        self._api_key = api_key
        self._jwt_secret = jwt_secret
        # The key goes to Tidings, and to no proxy that the environment may name.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def token(self, user: str, seconds: int = 300) -> str:
        """A JSON Web Token (RFC 7519, HS256) with which this user may connect for so long."""
        claims = {"sub": user, "exp": int(time.time()) + seconds}
        signed = ".".join(_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        signature = hmac.new(self._jwt_secret.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_encode(signature)}"

    def report_task(self, user: str, task: str, **how: Any) -> bool:
        """
        Says how a task stands to all devices of its user: `status`, `progress`, `result` or `error`, and `name` and `message`.

        False where the task is over already, such as by being cancelled.
        """
        return self.call("tasks/report", {"user": user, "task": task, **how})["told"]

    def publish(self, channel: str, event: str, payload: Any, key: str | None = None) -> dict[str, Any]:
        """Says it to all who are on the channel. With a key it is said once, however often it is tried."""
        return self.call("publish", {"channel": channel, "type": event, "payload": payload, **({"key": key} if key else {})})

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """One request of the HTTP API. What can't be reached is a TidingsError with the code `unavailable`."""
        headers = {"Authorization": f"Bearer {self._api_key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/{operation}", json.dumps(params).encode(), headers)
        try:
            with self._opener.open(request, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except OSError as error:
            raise TidingsError("unavailable", f"{self.url} can't be reached: {error}") from None


def _refusal(error: urllib.error.HTTPError) -> TidingsError:
    try:
        problem = json.load(error)
        return TidingsError(problem["code"], problem["detail"])
    except (ValueError, LookupError, TypeError):
        # Something that stands in between has answered.
        return TidingsError("unavailable", f"It answered {error.code}.")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
