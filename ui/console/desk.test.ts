import { expect, test } from "vitest";
import type { Api, EndpointDoc } from "./api.js";
import { Desk, readEntry } from "./desk.js";
import type { Socket } from "./session.js";
import { TokenShelf } from "./token-shelf.js";

test("of connections there are twelve; another takes the place of the oldest that is closed", () => {
  const { desk, dial } = openDesk();
  for (let count = 0; count < 12; count += 1) expect(dial()).toBeDefined();
  expect(dial()).toBeUndefined();
  expect(desk.problem.value).toBe("There are 12 connections: close one of them.");
  desk.sessions.value[3]?.close();
  expect(dial()).toBeDefined();
  expect(desk.problem.value).toBeUndefined();
  expect(desk.sessions.value.map(({ number }) => number)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
});

test("forms speak by the connection that is chosen, where it is of the endpoint that is shown", () => {
  const { desk, dial } = openDesk();
  const [first, second] = [dial(), dial()];
  expect(desk.speaker.value).toBe(second);
  desk.active.value = first;
  expect(desk.speaker.value).toBe(first);
  desk.choose("other");
  expect(desk.speaker.value).toBeUndefined();
  desk.choose("");
  if (first !== undefined) desk.forget(first);
  expect([desk.speaker.value, desk.active.value]).toEqual([second, second]);
});

test("an address that a browser takes none of is told, and is no connection", () => {
  const { desk, dial } = openDesk(() => {
    throw new SyntaxError("The URL is invalid.");
  });
  expect(dial()).toBeUndefined();
  expect([desk.problem.value, desk.sessions.value]).toEqual(["The URL is invalid.", []]);
});

test("a try that was refused makes room for the next at the same endpoint", () => {
  const { desk, dial } = openDesk();
  dial()?.close();
  const other = endpointAt("other");
  desk.connect(other, readEntry(other, desk.entryOf(other)))?.close();
  dial();
  expect(desk.sessions.value.map(({ number }) => number)).toEqual([2, 3]);
});

test("a token that a link brings is in the fields of every endpoint", () => {
  const { desk } = openDesk();
  const entry = desk.entryOf(endpointAt("ws"));
  entry.token.value = "old";
  desk.adoptToken("new");
  expect(readEntry(endpointAt("ws"), entry).token).toBe("new");
  expect(readEntry(endpointAt("other"), desk.entryOf(endpointAt("other"))).token).toBe("new");
});

test("what is in the fields stays there while others are looked at", () => {
  const { desk } = openDesk();
  desk.entryOf(endpointAt("ws")).speaks.value = "plain";
  desk.choose("other");
  expect(desk.entryOf(endpointAt("ws")).speaks.value).toBe("plain");
});

function openDesk(open: () => Socket = deafSocket) {
  const endpoints = [endpointAt("ws"), endpointAt("other")];
  const api: Api = { title: "", version: "", description: undefined, endpoints, channels: new Map(), servers: [] };
  const shelf = new TokenShelf({ getItem: () => null, setItem() {} });
  const desk = new Desk(api, new URL("http://127.0.0.1/docs"), shelf, {
    open,
    now: () => 0,
    nextFrame() {},
    reached() {},
  });
  const [endpoint = endpointAt("ws")] = endpoints;
  return { desk, dial: () => desk.connect(endpoint, readEntry(endpoint, desk.entryOf(endpoint))) };
}

function endpointAt(key: string): EndpointDoc {
  const place = { place: "query", name: "token", scheme: "query" } as const;
  // Of which no more is looked at.
  return {
    key,
    path: `/${key}`,
    kind: "messages",
    params: [],
    query: [],
    credentials: [place],
  } as unknown as EndpointDoc;
}

/** Its other end says nothing, but closes when it is asked to. */
function deafSocket(): Socket {
  const socket: Socket = {
    binaryType: "blob",
    protocol: "",
    onopen: null,
    onmessage: null,
    onclose: null,
    send() {},
    close: () => socket.onclose?.({ code: 1000, reason: "" }),
  };
  return socket;
}
