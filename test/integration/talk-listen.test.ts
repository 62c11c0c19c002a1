import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { startCommand } from "../support/command-run.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";
import { secret } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";

const said = z.object({ text: z.string() });
const allow = { subscribe: true } as const;
const chat = channel("chat/:room", { events: { said, "*": z.unknown() }, history: { size: 10, ttl: "1h" }, allow });
const kept = channel("kept", { events: { said }, history: { size: 10, ttl: "1h" } });
const news = channel("news", { events: { item: said } });
const locked = channel("locked", { events: { said } });
const board = channel("board", { events: { said }, snapshot: () => ({ rows: 3 }), allow });
const reader = endpoint("/ws", {
  channels: [chat, kept, news, locked, board],
  receives: { leave: z.object({}) },
  open({ connection }) {
    connection.join(news());
    connection.join(kept());
  },
  on: {
    leave: ({ connection }) => connection.close(1000, "bye"),
  },
});
const mine = endpoint("/me", { auth: jwt({ secret }), channels: [chat] });
const endpoints = [reader, mine];

const linesOf = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("it prints the events of a channel it asked for, and of one that the server joined, as lines of JSON", async () => {
  await using server = await serve({ endpoints });
  const run = startCommand(["listen", `${server.url}/ws`, "--subscribe", "chat/a", "--count", "3"]);
  await run.notes.next((note) => note === "On chat/a.");
  await server.app.publish(chat({ room: "a" }), "said", { text: "hi" });
  await server.app.publish(news(), "item", { text: "new" });
  await server.app.publish(chat({ room: "a" }), "waved" as never, 7 as never);
  const { code, stdout, stderr } = await run.ended;
  expect(stderr).toBe("Connected.\nOn chat/a.\n");
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect([code, linesOf(stdout)]).toEqual([
    0,
    [
      { at, channel: "chat/a", type: "said", offset: 1, payload: { text: "hi" } },
      { at, channel: "news", type: "item", payload: { text: "new" } },
      { at, channel: "chat/a", type: "waved", offset: 2, payload: 7 },
    ],
  ]);
});

test("in a terminal an event is a line to read", async () => {
  await using server = await serve({ endpoints });
  const surroundings = { isTerminal: true, env: { NO_COLOR: "1" } };
  const run = startCommand(["listen", `${server.url}/ws`, "--subscribe", "chat/a", "--count", "1"], surroundings);
  await run.notes.next((note) => note === "On chat/a.");
  await server.app.publish(chat({ room: "a" }), "said", { text: "hi\u009b2J" });
  const line = /^\d\d:\d\d:\d\d\.\d{3} {2}chat\/a {2}said {2}\{"text":"hi\\u009b2J"\}\n$/;
  expect((await run.ended).stdout).toMatch(line);
});

test("--rewind begins with what is kept, and a segment that looks like a param is one all the same", async () => {
  await using server = await serve({ endpoints });
  for (const text of ["one", "two", "three"]) await server.app.publish(chat({ room: ":room" }), "said", { text });
  const args = ["listen", `${server.url}/ws`, "--subscribe", "chat/:room", "--rewind", "2", "--count", "2", "--json"];
  const { stdout, stderr } = await startCommand(args).ended;
  expect(linesOf(stdout).map(({ payload }) => payload.text)).toEqual(["two", "three"]);
  expect(stderr).toBe("");
});

test("--rewind holds too where the server has joined the channel itself", async () => {
  await using server = await serve({ endpoints });
  for (const text of ["one", "two", "three"]) await server.app.publish(kept(), "said", { text });
  const args = ["listen", `${server.url}/ws`, "--subscribe", "kept", "--rewind", "2", "--count", "3"];
  const run = startCommand(args);
  expect(await run.lines.next()).toContain("two");
  expect(await run.lines.next()).toContain("three");
  await server.app.publish(kept(), "said", { text: "four" });
  const { code, stdout } = await run.ended;
  expect([code, linesOf(stdout).map(({ payload }) => payload.text)]).toEqual([0, ["two", "three", "four"]]);
});

test("whoever takes a name for a pattern is told that it is one channel's", async () => {
  await using server = await serve({ endpoints });
  const run = startCommand(["listen", `${server.url}/ws`, "--subscribe", "chat/*", "--count", "1"]);
  expect(await run.notes.next()).toBe(
    "chat/* is one channel of that name: a * stands for no others. Name each with a --subscribe of its own.",
  );
  await run.notes.next((note) => note === "On chat/*.");
  await server.app.publish(chat({ room: "*" }), "said", { text: "hi" });
  expect((await run.ended).code).toBe(0);
});

test("a channel's state is told in its place, and is no event", async () => {
  await using server = await serve({ endpoints });
  const run = startCommand(["listen", `${server.url}/ws`, "--subscribe", "board", "--count", "1"]);
  await run.notes.next((note) => note === "On board.");
  await server.app.publish(board(), "said", { text: "hi" });
  expect(linesOf((await run.ended).stdout)).toMatchObject([
    { channel: "board", type: "subscribed", payload: { state: { rows: 3 } } },
    { channel: "board", type: "said" },
  ]);
});

test("it says as whom it is connected", async () => {
  await using server = await serve({ endpoints });
  const run = startCommand(["listen", `${server.url}/me`, "--as", "ana", "--subscribe", "chat/a", "--count", "1"], {
    env: { TIDINGS_JWT_SECRET: secret },
  });
  expect(await run.notes.next()).toBe("Connected as ana.");
  await run.notes.next((note) => note === "On chat/a.");
  await server.app.publish(chat({ room: "a" }), "said", { text: "hi" });
  expect((await run.ended).code).toBe(0);
});

test.each([
  ["locked", "forbidden", "Not on locked: Clients may not subscribe here."],
  ["nowhere", "not_found", "Not on nowhere: There is no such channel here."],
])("a channel that it may not hear (%s) ends it with the reason", async (name, code, message) => {
  await using server = await serve({ endpoints });
  const run = startCommand(["listen", `${server.url}/ws`, "--subscribe", name, "--json"]);
  const ended = await run.ended;
  expect([ended.code, JSON.parse(ended.stderr).error]).toMatchObject([1, { code, message }]);
});

test("it dials again where the line was lost, hears what it missed, and tells a gap in its place", async () => {
  const first = createApp({ endpoints, drain: { reconnectWithin: "1ms" }, logger: new LogRecorder() });
  const { url } = await first.listen(0, { signals: [] });
  const run = startCommand(["listen", `${url}/ws`, "--subscribe", "chat/a", "--count", "2"]);
  await run.notes.next((note) => note === "On chat/a.");
  await first.publish(chat({ room: "a" }), "said", { text: "before" });
  await run.lines.next();
  await first.close();
  expect(await run.notes.next((note) => note.includes("Dialling again"))).toMatch(
    /^The server is going away\. It closed with 1001/,
  );
  const second = createApp({ endpoints, logger: new LogRecorder() });
  await second.listen(Number(new URL(url).port), { signals: [] });
  await run.notes.next((note) => note === "Connected again.");
  await run.notes.next((note) => note === "On chat/a.");
  await second.publish(chat({ room: "a" }), "said", { text: "after" });
  const { code, stdout } = await run.ended;
  await second.close();
  const told = linesOf(stdout).map(({ type, channel, payload }) => [type, channel, payload.text]);
  expect(code).toBe(0);
  // The server joins it to the news anew, of which it can't know either whether anything was missed.
  expect(told.filter(([, channel]) => channel === "chat/a")).toEqual([
    ["said", "chat/a", "before"],
    ["gap", "chat/a", undefined],
    ["said", "chat/a", "after"],
  ]);
});

test("where the server closes well it is done, and where it closes with an error it has failed", async () => {
  const polite = endpoint("/polite", { open: ({ connection }) => connection.close(1000, "bye") });
  const rude = endpoint("/rude", { open: ({ connection }) => connection.close(4009, "Go \u001b[31maway") });
  await using server = await serve({ endpoints: [polite, rude] });
  const well = await startCommand(["listen", `${server.url}/polite`]).ended;
  expect(well).toEqual({ code: 0, stdout: "", stderr: "Connected.\nThe server has closed: bye.\n" });
  const badly = await startCommand(["listen", `${server.url}/rude`, "--json"]).ended;
  expect(badly.stdout).toBe("");
  const error = { code: "closed_4009", message: "It closed with 4009 Go \\u001b[31maway." };
  expect([badly.code, JSON.parse(badly.stderr)]).toEqual([1, { error }]);
});

test("who is not let in has lost no line: stdout is empty, and the error is the refusal", async () => {
  await using server = await serve({ endpoints });
  const { code, stdout, stderr } = await startCommand(["listen", `${server.url}/me`, "--json"]).ended;
  expect([code, stdout, JSON.parse(stderr).error.code]).toEqual([1, "", "unauthorized"]);
});

test("a server that is not there ends it, unless it is to wait for one", async () => {
  const gone = createApp({ endpoints, logger: new LogRecorder() });
  const { url } = await gone.listen(0, { signals: [] });
  await gone.close();
  const failed = await startCommand(["listen", `${url}/ws`, "--json"]).ended;
  expect([failed.code, JSON.parse(failed.stderr).error.code]).toEqual([1, "unreachable"]);
  const run = startCommand(["listen", `${url}/ws`, "--wait", "--subscribe", "chat/a", "--count", "1"]);
  expect(await run.notes.next()).toMatch(/^Nothing listens at ws:\/\/127\.0\.0\.1:\d+\/ws\. Dialling again/);
  const app = createApp({ endpoints, logger: new LogRecorder() });
  await app.listen(Number(new URL(url).port), { signals: [] });
  await run.notes.next((note) => note === "On chat/a.");
  await app.publish(chat({ room: "a" }), "said", { text: "hi" });
  expect((await run.ended).code).toBe(0);
  await app.close();
});

test("while whoever reads the output is slow, no more is taken from the server", async () => {
  await using server = await serve({ endpoints });
  const args = ["listen", `${server.url}/ws`, "--subscribe", "chat/a", "--count", "2"];
  const run = startCommand(args, { isSlow: true });
  await run.notes.next((note) => note === "On chat/a.");
  const other = await dial(`${server.url}/ws`);
  await server.app.publish(news(), "item", { text: "one" });
  expect(await run.lines.next()).toContain("one");
  await server.app.publish(news(), "item", { text: "two" });
  // Somebody else has it, and an answer to what they said after it.
  expect(await other.take(2)).toMatchObject([{ payload: { text: "one" } }, { payload: { text: "two" } }]);
  other.send({ type: "leave", payload: {} });
  await other.closed;
  expect(run.lines.unread).toEqual([]);
  run.read();
  expect(await run.lines.next()).toContain("two");
  expect((await run.ended).code).toBe(0);
});

test("a message to this connection alone is told without a channel", async () => {
  const greeting = endpoint("/greeting", {
    sends: { hello: z.object({}) },
    open: ({ connection }) => void connection.send("hello", {}),
  });
  await using server = await serve({ endpoints: [greeting] });
  const { stdout } = await startCommand(["listen", `${server.url}/greeting`, "--count", "1"]).ended;
  expect(linesOf(stdout)).toEqual([{ at: expect.any(String), type: "hello", payload: {} }]);
});

test.each([
  ["--count", "0"],
  ["--count", "many"],
  ["--rewind", "-1"],
])("%s %s is misuse", async (option, value) => {
  const { code, stderr } = await startCommand(["listen", "/ws", `${option}=${value}`, "--json"]).ended;
  expect([code, JSON.parse(stderr).error.code]).toEqual([2, "invalid_count"]);
});
