import { expect, test } from "vitest";
import { startedAs, startLines } from "./start-line.js";

const listening = { url: "http://127.0.0.1:8000" };

test("who starts it is told where it is, what is there, and how to try it", () => {
  const config = {
    jwt: { secret: "x" },
    channels: { shut: {}, "team/:team/:user": { subscribe: "users" as const } },
    redis: { url: "redis://localhost" },
  };
  expect(startLines(startedAs(listening, config, 2), config).split("\n")).toEqual([
    "Tidings listens at http://127.0.0.1:8000",
    "  endpoints  /ws",
    "  channels   shut, team/:team/:user",
    "  HTTP API   none: set http.api.keys (TIDINGS_HTTP_API_KEYS)",
    "  processes  2, over Redis",
    "Try it: tidings listen ws://127.0.0.1:8000/ws --subscribe team/lobby/alice --as alice",
  ]);
});

test("over TLS it is tried over TLS, and the API is where the pages are", () => {
  const config = {
    endpoints: { "/feed": { auth: "none" as const } },
    http: { port: 9_100, api: { keys: ["0123456789abcdef"] } },
  };
  const lines = startLines(startedAs({ url: "https://[::1]:8443", pages: "http://127.0.0.1:9100" }, config, 1), config);
  expect(lines).toContain("HTTP API   http://127.0.0.1:9100/api");
  expect(lines).toContain("Try it: tidings listen wss://[::1]:8443/feed");
  expect(lines).not.toContain("0123456789abcdef");
});
