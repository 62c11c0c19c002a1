import { inspect } from "node:util";
import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, dialRefused, dialTidings } from "../support/ws-client.js";

const room = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret }),
  receives: { fail: z.object({}) },
  on: { fail: () => Promise.reject(new Error("out of order")) },
});

test("P22: a connection is one line when it comes and one when it goes, with its id", async () => {
  await using server = await serve({ endpoints: [room] });
  const client = await dialTidings(`${server.url}/ws/rooms/lobby`, { token: signToken({ sub: "ana" }) });
  const { connection } = (await client.next()).payload as { readonly connection: string };
  const about = { connection, endpoint: "/ws/rooms/:room", user: "ana", address: "127.0.0.1" };
  expect(await server.log.next("connected")).toEqual({
    level: "info",
    message: "connected",
    fields: { event: "connected", ...about },
  });
  client.close(1000, "bye");
  expect(await server.log.next("disconnected")).toEqual({
    level: "info",
    message: "disconnected",
    fields: { event: "disconnected", ...about, code: 1000, reason: "bye", durationMs: expect.any(Number) },
  });
  expect(server.log.lines).toHaveLength(2);
});

test("P22: whoever is refused is one line, with the code and no id", async () => {
  await using server = await serve({ endpoints: [room] });
  await dialRefused(`${server.url}/ws/rooms/lobby`);
  await dialRefused(`${server.url}/ws/nowhere?token=secret`);
  const ours = await dial(`${server.url}/ws/rooms/lobby`, { protocols: ["tidings.v1"] });
  await ours.closed;
  const about = { event: "refused", endpoint: "/ws/rooms/:room", address: "127.0.0.1" };
  const because = { reason: expect.any(String) };
  expect(server.log.lines).toEqual([
    {
      level: "warn",
      message: "refused",
      fields: { ...about, ...because, code: "unauthorized", status: 401, closeCode: undefined },
    },
    {
      level: "warn",
      message: "refused",
      fields: {
        ...about,
        ...because,
        detail: 'the path is "/ws/nowhere"',
        endpoint: undefined,
        code: "not_found",
        status: 404,
        closeCode: undefined,
      },
    },
    {
      level: "warn",
      message: "refused",
      fields: { ...about, ...because, code: "unauthorized", status: undefined, closeCode: 1008 },
    },
  ]);
});

test("P22: an error is one line, with the connection's id and the error itself", async () => {
  await using server = await serve({ endpoints: [room] });
  const client = await dial(`${server.url}/ws/rooms/lobby`, { token: signToken({ sub: "ana" }) });
  await client.ask("fail", {});
  const { fields } = await server.log.next("connected");
  expect(await server.log.next("error")).toEqual({
    level: "error",
    message: 'error in message "fail"',
    fields: {
      event: "error",
      connection: fields.connection,
      endpoint: "/ws/rooms/:room",
      during: 'message "fail"',
      err: expect.objectContaining({ message: "out of order" }),
    },
  });
});

test("P22: what a client does wrong is no error line", async () => {
  await using server = await serve({ endpoints: [room] });
  const client = await dial(`${server.url}/ws/rooms/lobby`, { token: signToken({ sub: "ana" }) });
  client.sendText("{");
  client.send({ type: "nothing", id: 1 });
  client.send({ type: "fail", payload: 7, id: 2 });
  await client.take(3);
  client.sendBinary(Uint8Array.of(1));
  expect(await client.closed).toMatchObject({ code: 1003 });
  const { fields } = await server.log.next("disconnected");
  expect(fields).toMatchObject({ code: 1003, reason: "unsupported_data" });
  expect(server.log.lines.map(({ level }) => level)).toEqual(["info", "info"]);
});

const nosy = endpoint("/ws/nosy/:how", {
  auth: jwt({ secret }),
  allow({ request, params, query }) {
    if (params.how === "allow") {
      const { url, headers } = request;
      throw new Error(`No: ${url} ${JSON.stringify([[...headers], query, request.query])}`, { cause: request });
    }
    return true;
  },
  open(ctx) {
    if (ctx.params.how === "open") throw Object.assign(new Error(`No: ${inspect(ctx.query)}`), { ctx });
  },
  receives: { fail: z.object({}) },
  on: {
    fail(ctx) {
      throw Object.assign(new Error("No."), { ctx });
    },
  },
});

test("P22: no token is in any line, wherever it came from and whatever was thrown", async () => {
  await using server = await serve({ endpoints: [nosy] });
  const good = signToken({ sub: "ana", exp: inSeconds(60) });
  const tokens = [
    good,
    signToken({ sub: "ana", exp: inSeconds(-60) }),
    signToken({ sub: "ana" }, { key: "another secret, just as long as ours" }),
    `${good}x`,
    "no-token-at-all-but-somebodys-password",
  ];
  for (const token of tokens) {
    for (const how of ["allow", "open", "message"]) {
      for (const [query, options] of [
        ["", { token }],
        [`?token=${token}`, {}],
        [`?a=b&%74oken=${token}&c=d`, {}],
        [`?token=${token}&token=${token}`, {}],
        [`?token=${token}`, { token, protocols: ["tidings.v1"] }],
      ] as const) {
        const client = await dial(`${server.url}/ws/nosy/${how}${query}`, options).catch(() => undefined);
        if (how === "message" && client?.protocol === "") await client.ask("fail", {});
        client?.close();
        await client?.closed;
      }
    }
    await dialRefused(`${server.url}/ws/nowhere?token=${token}`, { token });
    await dialRefused(`${server.url}/ws/nosy/%zz?token=${token}`, { token });
  }
  await server.app.close();
  expect(server.log.lines.filter(({ level }) => level === "error").length).toBeGreaterThan(8);
  const text = inspect(server.log.lines, { depth: 12, maxArrayLength: null, maxStringLength: null, showHidden: true });
  const signatures = tokens.map((token) => token.split(".")[2] ?? token);
  expect([...tokens, ...signatures].flatMap((token) => excerptBefore(text, token))).toEqual([]);
});

/** What stands before the first place where `text` has `part`: enough to see how it got there. */
function excerptBefore(text: string, part: string): string[] {
  const index = text.indexOf(part);
  return index === -1 ? [] : [text.slice(Math.max(0, index - 80), index)];
}

test("P22: an app without a logger writes JSON lines to stderr, errors with their stack", async () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => written.push(String(line)) > 0);
  try {
    await using app = createApp({ endpoints: [room] });
    const { url } = await app.listen(0);
    const client = await dial(`${url}/ws/rooms/lobby`, { token: signToken({ sub: "ana" }) });
    await client.ask("fail", {});
    await dialRefused(`${url}/ws/rooms/lobby`);
    await app.close();
  } finally {
    write.mockRestore();
  }
  const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(written.every((line) => line.endsWith("}\n"))).toBe(true);
  expect(lines).toMatchObject([
    { level: "info", msg: "connected", endpoint: "/ws/rooms/:room", user: "ana" },
    { level: "error", err: { message: "out of order", stack: expect.stringContaining("logging.test") } },
    { level: "warn", msg: "refused", code: "unauthorized", status: 401 },
    { level: "info", msg: "draining", connections: 1 },
    { level: "info", msg: "disconnected", code: 1001 },
    { level: "info", msg: "drained", connections: 1, closeHandlers: 1 },
  ]);
  for (const { time } of lines) expect(new Date(String(time)).toISOString()).toBe(time);
  expect(new Set([lines[0]?.connection, lines[1]?.connection, lines[4]?.connection]).size).toBe(1);
});

test("what is published where none of the app's endpoints can hear it is warned of, once", async () => {
  const heard = channel("heard", { events: { said: z.object({}) } });
  const unheard = channel("unheard/:room", { events: { said: z.object({}) } });
  const room = endpoint("/ws", { channels: [heard] });
  const logger = new LogRecorder();
  await using app = createApp({ endpoints: [room], logger });
  await using speaker = createApp({ endpoints: [], logger });
  await app.publish(heard(), "said", {});
  await app.publish(unheard({ room: "a" }), "said", {});
  await app.publish(unheard({ room: "b" }), "said", {});
  await speaker.publish(unheard({ room: "a" }), "said", {});
  const warnings = logger.lines.filter(({ fields }) => fields.event === "warning");
  expect(warnings).toMatchObject([{ level: "warn", fields: { code: "unheard_channel" } }]);
  expect(warnings[0]?.message).toContain('"unheard/:room" is published to');
});

test("with `debug` each message and each publish is told, never a payload, a param or a token; without it nothing is", async () => {
  const chat = channel("chat/:room", { events: { said: z.object({ text: z.string() }) } });
  const talk = endpoint("/ws/rooms/:room", {
    auth: jwt({ secret }),
    channels: [chat],
    receives: { say: z.object({ text: z.string() }) },
    on: { say: ({ app, params }, { text }) => app.publish(chat(params), "said", { text }).then(() => "done") },
  });
  for (const level of ["debug", "info"] as const) {
    await using server = await serve({ endpoints: [talk], log: { level } });
    const token = signToken({ sub: "ana", exp: inSeconds(60) });
    const client = await dial(`${server.url}/ws/rooms/hidden-room?page=hidden-query`, { token });
    await client.ask("say", { text: "hidden text" });
    const steps = server.log.lines.filter((line) => line.level === "debug");
    const told = steps.map(({ message, fields }) => `${message} ${fields.type ?? fields.endpoint}`);
    expect(told).toEqual(level === "debug" ? ["handshake /ws/rooms/:room", "publish said", "message say"] : []);
    expect(inspect(server.log.lines, { depth: 9 })).not.toMatch(/hidden|eyJ/);
  }
});
