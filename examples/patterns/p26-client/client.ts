import { connect } from "tidings/client";
import type { room } from "./app.js"; // types only: nothing of the server comes along

/** @param origin such as `ws://127.0.0.1:8000`; a page of the server's own needs none */
export function enter(origin: string, show: (line: string) => void) {
  const client = connect<typeof room>(`${origin}/ws/rooms/lobby`);
  // A handler for each type of message, typed by the channel.
  client.on("said", ({ text }) => show(`said: ${text}`));
  client.on("gap", () => show("some of it is lost"));
  client.on("error", ({ code }) => show(`error: ${code}`));
  // It dials again by itself: after a random time of at most 1 s, then 2, 4, 8 up to 30 s, and 1 s again when it was open for that long.
  client.onStatus((status) => show(status));
  return client;
}
