"""A FastAPI app whose long jobs tell of their progress through Tidings."""

import os
import secrets
from pathlib import Path

from fastapi import BackgroundTasks, Cookie, Depends, FastAPI, HTTPException, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.types import Scope

from primes import CountPrimes
from tidings import Tidings, TidingsError

tidings = Tidings(
    url=os.environ.get("TIDINGS_URL", "http://127.0.0.1:8000"),
    # Of several, for when they are changed, the first.
    api_key=os.environ["TIDINGS_HTTP_API_KEYS"].split(",")[0],
    jwt_secret=os.environ["TIDINGS_JWT_SECRET"],
)
socket_url = tidings.url.replace("http", "ws", 1) + "/ws"

app = FastAPI()


def visitor(response: Response, visitor: str | None = Cookie(default=None, max_length=64)) -> str:
    """Who it is: in the place of your sign-in, whoever comes first gets a name by cookie."""
    if visitor:
        return visitor
    name = f"visitor-{secrets.token_hex(8)}"
    response.set_cookie("visitor", name, httponly=True, samesite="strict")
    return name


class Job(BaseModel):
    below: int = Field(ge=1_000, le=10_000_000)


@app.post("/token")
def token(user: str = Depends(visitor)) -> dict[str, str]:
    return {"url": socket_url, "token": tidings.token(user)}


@app.post("/jobs", status_code=202)
def start(job: Job, background: BackgroundTasks, user: str = Depends(visitor)) -> dict[str, str]:
    task = secrets.token_hex(8)
    count = CountPrimes(tidings, user, task, job.below)
    try:
        count.queue()
    except TidingsError as error:
        raise HTTPException(503, str(error)) from None
    background.add_task(count.run)
    return {"task": task}


class Page(StaticFiles):
    """The page's files, with the policy that it may do no more than it has to."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none';"
            f" form-action 'none'; frame-ancestors 'none'; connect-src 'self' {socket_url}"
        )
        return response


app.mount("/", Page(directory=Path(__file__).parent / "page", html=True))
