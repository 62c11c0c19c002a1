import { expect, test } from "vitest";
import { dialMemory } from "../transport/memory.js";
import type { SocketListener, Upgrade } from "../transport/transport.js";
import { FakeClock, settle } from "./fake-clock.js";
import { PageSocket } from "./page-socket.js";

interface Dialled {
  /** What the server does with who dials. */
  readonly answer?: (upgrade: Upgrade) => void;
  readonly protocols?: readonly string[];
}

/** A page that dials, all that it sees, and all that the server does. */
function dialPage({ answer = accept("v1"), protocols = ["v1"] }: Dialled = {}) {
  const clock = new FakeClock();
  const seen: string[] = [];
  let isEnded = false;
  const socket = new PageSocket({
    clock,
    protocols,
    later: setImmediate,
    delayMs: () => 0,
    dial: (isGone) => dialMemory(answer, { target: "/", isGone }),
    ended: () => {
      isEnded = true;
    },
  });
  socket.onopen = () => seen.push("open");
  socket.onmessage = ({ data }) => seen.push(String(data));
  socket.onerror = () => seen.push("error");
  socket.onclose = ({ code, reason }) => seen.push(`close ${code} ${reason}`.trim());
  socket.dial();
  return { socket, clock, seen, isEnded: () => isEnded };
}

/** Lets in who dials, and tells in `heard` what it says. */
function accept(subprotocol: string | undefined, heard: string[] = []) {
  return (upgrade: Upgrade) => {
    const options = { subprotocol, compression: false, messageSize: 100, fragments: 1, closeMs: 1_000 };
    upgrade.accept(options, (): SocketListener => {
      const tell = (what: string) => void heard.push(what);
      return {
        text: tell,
        binary: () => tell("bytes"),
        ping: () => tell("ping"),
        pong: () => tell("pong"),
        closing: () => {},
        closed: (code, reason) => tell(`closed ${code} ${reason}`.trim()),
      };
    });
  };
}

test("a page opens, says something and closes, and hears the answer to its close frame", async () => {
  const heard: string[] = [];
  const { socket, seen, isEnded } = dialPage({ answer: accept("v1", heard) });
  await settle();
  socket.send("hi");
  socket.close(3_000, "bye");
  await settle();
  expect(seen).toEqual(["open", "close 3000 bye"]);
  expect(heard).toEqual(["hi", "closed 3000 bye"]);
  expect(isEnded()).toBe(true);
});

test("a page is not told why it was refused by HTTP", async () => {
  const { seen, isEnded } = dialPage({ answer: (upgrade) => upgrade.refuse({ status: 401, headers: {}, body: "{}" }) });
  await settle();
  expect(seen).toEqual(["error", "close 1006"]);
  expect(isEnded()).toBe(true);
});

test.each([
  ["none of those it offered is selected", undefined, ["v1"]],
  ["another one is selected", "v2", ["v1"]],
  ["one is selected, and it offered none", "v1", []],
])("a page fails where %s", async (_, subprotocol, protocols) => {
  const heard: string[] = [];
  const { seen } = dialPage({ answer: accept(subprotocol, heard), protocols });
  await settle();
  expect(seen).toEqual(["error", "close 1006"]);
  expect(heard).toEqual(["closed 1006"]);
});

test("what is said too early throws, and what is said too late is dropped", async () => {
  const heard: string[] = [];
  const { socket } = dialPage({ answer: accept("v1", heard) });
  expect(() => socket.send("early")).toThrow("still connecting");
  await settle();
  socket.close();
  socket.send("late");
  await settle();
  expect(heard).toEqual(["closed 1005"]);
});

test("a page may close with 1000 and with codes of its own, and no others", async () => {
  const { socket } = dialPage();
  await settle();
  for (const code of [1_001, 1_006, 2_999, 5_000]) expect(() => socket.close(code)).toThrow("may not close");
  expect(() => socket.close(3_000, "é".repeat(62))).toThrow("too long");
  socket.close(4_999, "é".repeat(61));
});

test("who hangs up before there is an answer is never let in", async () => {
  const heard: string[] = [];
  const { socket, seen, isEnded } = dialPage({ answer: accept("v1", heard) });
  socket.close();
  await settle();
  expect(seen).toEqual(["error", "close 1006"]);
  expect(heard.filter((what) => what !== "closed 1006")).toEqual([]);
  expect(isEnded()).toBe(true);
});

test("a close frame that is not answered in 30 s is the end all the same", async () => {
  const { socket, seen, clock } = dialPage();
  await settle();
  socket.hold();
  socket.close();
  await clock.advance("29s");
  expect(seen).toEqual(["open"]);
  await clock.advance("1s");
  expect(seen).toEqual(["open", "close 1006"]);
  expect(clock.size).toBe(0);
});

test("where the server's end is gone behind a line on which nothing passes, the page hears of it later", async () => {
  const { socket, seen } = dialPage();
  await settle();
  socket.hold();
  socket.endServerSide();
  await settle();
  expect(seen).toEqual(["open"]);
  socket.release();
  expect(seen).toEqual(["open", "error", "close 1006"]);
});
