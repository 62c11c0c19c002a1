import { describe, expect, test } from "vitest";
import { dialOf, type Entry, nameOf, paramProblem, placesFor, serversFor } from "./dial.js";

const entry: Entry = {
  server: "ws://127.0.0.1:8000",
  params: { room: "a b/?" },
  query: {},
  speaks: "tidings.v1",
  subprotocol: undefined,
  token: "",
  place: undefined,
};
const room = { path: "/ws/rooms/:room" };

test("params are percent-encoded, and the query is behind them", () => {
  const { url, protocols } = dialOf(room, { ...entry, query: { q: "1 & 2" } });
  expect(url).toBe("ws://127.0.0.1:8000/ws/rooms/a%20b%2F%3F?q=1+%26+2");
  expect(protocols).toEqual(["tidings.v1"]);
});

test("a token goes where it was said to go, and is not in the address that is shown", () => {
  const token = "a~b?é";
  expect(dialOf(room, { ...entry, token, place: "subprotocol" })).toMatchObject({
    protocols: ["tidings.v1", "bearer.YX5iP8Op"],
    token: undefined,
  });
  expect(dialOf(room, { ...entry, token, place: "message" })).toMatchObject({ protocols: ["tidings.v1"], token });
  const dial = dialOf({ path: "/ws" }, { ...entry, token, place: "query" });
  expect(new URL(dial.url).searchParams.get("token")).toBe(token);
  expect(dial.shownUrl).toBe("ws://127.0.0.1:8000/ws?token=…");
});

test("a plain client offers no subprotocol but the endpoint's own", () => {
  expect(dialOf({ path: "/ws" }, { ...entry, speaks: "plain" }).protocols).toEqual([]);
  expect(dialOf({ path: "/ws" }, { ...entry, speaks: "plain", subprotocol: "chat.v2" }).protocols).toEqual(["chat.v2"]);
});

test("beside a subprotocol a plain client has its token only where one can be chosen", () => {
  const places = ["subprotocol", "query"] as const;
  expect(placesFor([...places], { speaks: "plain", subprotocol: undefined })).toEqual(["query"]);
  expect(placesFor([...places], { speaks: "plain", subprotocol: "x" })).toEqual(places);
  expect(placesFor([...places], { speaks: "tidings.v1", subprotocol: undefined })).toEqual(places);
});

test.each([
  ["lobby", undefined],
  ["", "A value is needed here."],
  ["a/b", expect.any(String)],
  ["..", expect.any(String)],
  ["é".repeat(65), expect.any(String)],
])("%j as a param: %s", (value, problem) => {
  expect(paramProblem(value)).toEqual(problem);
});

test("a channel's name is its pattern with the params as they are", () => {
  expect(nameOf("chat/:room/of/:user", { room: "a b", user: "zoë" })).toBe("chat/a b/of/zoë");
});

describe("the server is", () => {
  test.each<[page: string, named: string[], servers: string[]]>([
    ["http://127.0.0.1:8000/docs", [], ["ws://127.0.0.1:8000"]],
    ["http://127.0.0.1:8000/docs", ["ws://127.0.0.1:8000"], ["ws://127.0.0.1:8000"]],
    ["https://app.example/docs", ["ws://app.example"], ["wss://app.example"]],
    ["https://app.example/chat/docs", ["ws://app.example"], ["wss://app.example/chat"]],
    ["http://127.0.0.1:9000/docs", ["ws://127.0.0.1:8000"], ["ws://127.0.0.1:8000"]],
  ])("of %s with %j: %j", (page, named, servers) => {
    expect(serversFor(named, new URL(page))).toEqual(servers);
  });
});
