"""FastAPI on uvicorn, as Debian packages them, with uvloop where it is there. What comes is validated by pydantic."""

import gc
import json
import resource
import socket
import sys
import threading
from typing import Dict, Set

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel


class Message(BaseModel):
    class Payload(BaseModel):
        text: str

    type: str
    payload: Payload
    id: int = 0


app = FastAPI()
rooms: Dict[str, Set[WebSocket]] = {}


@app.websocket("/ws/{kind}/{room}")
async def serve(websocket: WebSocket, kind: str, room: str):
    await websocket.accept()
    members = rooms.setdefault(f"chat/{room}", set())
    if kind == "rooms":
        members.add(websocket)
    try:
        while True:
            message = Message(**json.loads(await websocket.receive_text()))
            text = message.payload.text
            if message.type == "echo":
                reply = {"type": "reply", "id": message.id, "payload": {"text": text}}
                await websocket.send_text(json.dumps(reply))
                continue
            said = json.dumps({"type": "said", "channel": "chat/lobby", "payload": {"from": "user-1", "text": text}})
            for member in list(rooms.get("chat/lobby", ())):
                await member.send_text(said)
    except WebSocketDisconnect:
        members.discard(websocket)


def report(port):
    """Answers what the bench asks: a line on stdin, a line on stdout."""

    def say(what):
        print(json.dumps(what), flush=True)

    say({"port": port})
    for line in sys.stdin:
        if line.strip() == "cpu":
            usage = resource.getrusage(resource.RUSAGE_SELF)
            say({"seconds": usage.ru_utime + usage.ru_stime})
        elif line.strip() == "memory":
            gc.collect()
            with open("/proc/self/statm") as statm:
                say({"rss": int(statm.read().split()[1]) * resource.getpagesize()})
    server.should_exit = True


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    extensions = "--compression" in sys.argv
    config = uvicorn.Config(app, log_level="error", ws_per_message_deflate=extensions, lifespan="off")
    server = uvicorn.Server(config)
    threading.Thread(target=report, args=(listener.getsockname()[1],), daemon=True).start()
    server.run(sockets=[listener])
