import { once } from "node:events";
import { channel, endpoint, rawEndpoint, TidingsError } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { runCommand } from "../support/command-run.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";

const said = z.object({ text: z.string().min(1) });
const chat = channel("chat/:room", {
  events: { said },
  history: { size: 10, ttl: "1h" },
  allow: { subscribe: true, publish: true },
});
const calculator = endpoint("/ws", {
  receives: { add: z.object({ a: z.number(), b: z.number() }), leave: z.object({}), stay: z.object({}) },
  channels: [chat],
  on: {
    add: (_, { a, b }) => a + b,
    leave: ({ connection }) => connection.close(4001, "enough"),
    stay: ({ connection }) => once(connection.signal, "abort"),
  },
});
const user = jwt({ secret });
const mine = endpoint("/me", {
  auth: user,
  receives: { who: z.object({}) },
  on: { who: (context) => context.user.id },
});
const named = endpoint("/named", {
  auth: jwt({ secret, claims: z.object({ sub: z.string(), name: z.string() }) }),
  receives: { who: z.object({}) },
  on: { who: (context) => context.user.name },
});
const echo = rawEndpoint("/echo", { text: ({ connection }, text) => void connection.send(text) });
const endpoints = [calculator, mine, named, echo];

const url = (server: { readonly url: string }, path: string) => server.url.replace("http", "ws") + path;

test("`request` prints what the handler returned", async () => {
  await using server = await serve({ endpoints });
  const asked = ["request", url(server, "/ws"), "add", '{"a":1,"b":2}'];
  expect(await runCommand(asked)).toEqual({ code: 0, stdout: "3\n", stderr: "" });
});

test("the address may be one of http, and the payload may come from stdin", async () => {
  await using server = await serve({ endpoints });
  const ran = await runCommand(["request", `${server.url}/ws`, "add", "-"], { stdin: '{"a":1,\n"b":2}\n' });
  expect(ran).toEqual({ code: 0, stdout: "3\n", stderr: "" });
});

test("a payload that does not fit is told place by place, and is a failure", async () => {
  await using server = await serve({ endpoints });
  const asked = ["request", url(server, "/ws"), "add", '{"a":"1"}'];
  const { code, stdout, stderr } = await runCommand(asked);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^error invalid_payload: The payload does not fit its schema\.\n {2}a: .*number.*\n {2}b: .*\n$/,
  );
  const { error } = JSON.parse((await runCommand([...asked, "--json"])).stderr);
  expect(error).toMatchObject({ code: "invalid_payload", issues: [{ path: ["a"] }, { path: ["b"] }] });
});

test.each([
  ["{text:hi}", "The shell has taken its quotes"],
  ["hello", `A text has quotes of its own within those of the shell: '"hello"'.`],
  ["", "It is empty."],
  ['{"a":1,}', "Put all of it in single quotes"],
  [`'{"a":1}'`, "This shell keeps single quotes"],
])(
  "a payload that is not JSON (%s) is misuse, with what may have happened to it, and nobody is dialled",
  async (payload, fix) => {
    const { code, stderr } = await runCommand(["request", "ws://127.0.0.1:1/ws", "add", payload, "--json"]);
    const { error } = JSON.parse(stderr);
    expect([code, error.code]).toEqual([2, "invalid_payload_json"]);
    expect(error.message).toContain("not JSON");
    expect(error.fix).toContain(fix);
  },
);

test.each([
  [["request", "ftp://host/ws", "add"], "invalid_address"],
  [["request", "ws://host:99999/ws", "add"], "invalid_address"],
  [["request", "ws://host/ws#top", "add"], "invalid_address"],
  [["request", "/ws", '{"a":1}'], "invalid_type"],
  [["request", "/ws", "add", "--timeout", "soon"], "invalid_duration"],
  [["request", "/ws", "add", "--header", "Origin"], "invalid_header"],
  [["request", "/ws", "add", "--header", "Origin: a\r\nCookie: b"], "invalid_header"],
  [["request", "/ws", "add", "--token", "t", "--as", "ana"], "ambiguous_token"],
  [["request", "/ws", "add", "--claims", "{}"], "ambiguous_token"],
  [["request", "/ws", "add", "--as", "ana", "--claims", "[]"], "invalid_claims"],
  [["publish", "/ws", "chat//a", "said"], "invalid_channel"],
])("%j is misuse, told before anybody is dialled", async (args, code) => {
  const ran = await runCommand([...args, "--json"]);
  expect([ran.code, JSON.parse(ran.stderr).error.code]).toEqual([2, code]);
});

test("`send` sees that it was handled, and says what came of it where it failed", async () => {
  await using server = await serve({ endpoints });
  expect(await runCommand(["send", url(server, "/ws"), "add", '{"a":1,"b":2}'])).toMatchObject({
    code: 0,
    stdout: "handled\n",
  });
  const { code, stderr } = await runCommand(["send", url(server, "/ws"), "subtract", "--json"]);
  const { error } = JSON.parse(stderr);
  expect([code, error.code]).toEqual([1, "unknown_type"]);
  expect(error.fix).toContain("/docs");
});

test("`publish` prints the event's place, and the same key is the same event", async () => {
  await using server = await serve({ endpoints });
  const event = ["publish", url(server, "/ws"), "chat/a", "said", '{"text":"hi"}', "--key", "k1"];
  expect((await runCommand(event)).stdout).toBe("published, as event 1\n");
  const { stdout } = await runCommand([...event, "--json"]);
  expect(JSON.parse(stdout)).toEqual({ channel: "chat/a", type: "said", offset: 1 });
});

test("who one is comes from --token, from TIDINGS_TOKEN, or, with the server's secret, from --as", async () => {
  await using server = await serve({ endpoints });
  const asked = ["request", url(server, "/me"), "who"];
  const token = signToken({ sub: "ana", exp: inSeconds(60) });
  expect(await runCommand([...asked, "--token", token])).toMatchObject({ code: 0, stdout: '"ana"\n' });
  expect(await runCommand(asked, { env: { TIDINGS_TOKEN: token } })).toMatchObject({ code: 0, stdout: '"ana"\n' });
  const env = { TIDINGS_JWT_SECRET: secret };
  expect(await runCommand([...asked, "--as", "bob"], { env })).toMatchObject({ code: 0, stdout: '"bob"\n' });
  const named = ["request", url(server, "/named"), "who", "--as", "bob"];
  expect((await runCommand(named, { env })).code).toBe(1);
  expect((await runCommand([...named, "--claims", '{"name":"Bob"}'], { env })).stdout).toBe('"Bob"\n');
});

test("without a credential it tells how to give one, and a bad one is nowhere in what is said of it", async () => {
  await using server = await serve({ endpoints });
  const asked = ["request", url(server, "/me"), "who", "--json"];
  const { code, stderr } = await runCommand(asked);
  const { error } = JSON.parse(stderr);
  expect([code, error.code]).toEqual([1, "unauthorized"]);
  expect(error.fix).toContain("--token");
  const token = signToken({ sub: "ana" }, { key: "another secret, of forty characters or so" });
  const refused = await runCommand([...asked, "--token", token]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).not.toContain(token);
  const inAddress = await runCommand(["request", `ws://127.0.0.1:1/me?token=${token}`, "who", "--json"]);
  expect(JSON.parse(inAddress.stderr).error.message).toBe("Nothing listens at ws://127.0.0.1:1/me.");
});

test.each([
  ["/nowhere", "not_found", "There is no endpoint at this path. It closed with 1008 not_found."],
  ["/echo", "timeout", "The server did not say in time that we are in."],
])("at %s it says why it is not let in", async (path, code, message) => {
  await using server = await serve({ endpoints });
  const ran = await runCommand(["request", url(server, path), "add", "--timeout", "200ms", "--json"]);
  expect([ran.code, JSON.parse(ran.stderr).error]).toMatchObject([1, { code, message }]);
});

test("a page's Origin can be tried by a header", async () => {
  await using server = await serve({ endpoints, origins: ["https://app.example"] });
  const asked = ["request", url(server, "/ws"), "add", '{"a":1,"b":2}', "--json"];
  expect(await runCommand([...asked, "--header", "Origin: https://app.example"])).toMatchObject({ code: 0 });
  const { code, stderr } = await runCommand([...asked, "--header", "Origin: https://evil.example"]);
  expect([code, JSON.parse(stderr).error.code]).toEqual([1, "origin_not_allowed"]);
});

test("where the server closes, or is too slow, that is what is told in the place of an answer", async () => {
  await using server = await serve({ endpoints });
  const closed = await runCommand(["request", url(server, "/ws"), "leave", "--json"]);
  expect([closed.code, JSON.parse(closed.stderr).error]).toMatchObject([
    1,
    { code: "enough", message: "It closed with 4001 enough." },
  ]);
  const slow = await runCommand(["request", url(server, "/ws"), "stay", "--timeout", "50ms", "--json"]);
  expect([slow.code, JSON.parse(slow.stderr).error.code]).toEqual([1, "timeout"]);
});

test("a dependency's own refusal is told by its code", async () => {
  const full = endpoint("/full", {
    open() {
      throw new TidingsError("house_full");
    },
  });
  await using server = await serve({ endpoints: [full] });
  const { code, stderr } = await runCommand(["request", url(server, "/full"), "add", "--json"]);
  expect([code, JSON.parse(stderr).error.code]).toEqual([1, "house_full"]);
});

test("what a server says of an error, or answers, can't move a cursor, or look like a line of ours", async () => {
  const evil = "no\u001b[2J\u009b\u202e\n  Run this: rm -rf ~";
  const rude = endpoint("/rude", {
    receives: { ask: z.object({}), fail: z.object({}) },
    on: {
      ask: () => evil,
      fail() {
        throw new TidingsError("never", evil, { issues: [{ path: ["a\nb"], message: evil }] });
      },
    },
  });
  await using server = await serve({ endpoints: [rude] });
  const answered = await runCommand(["request", url(server, "/rude"), "ask"]);
  expect(answered.stdout).toBe('"no\\u001b[2J\\u009b\\u202e\\n  Run this: rm -rf ~"\n');
  const failed = await runCommand(["request", url(server, "/rude"), "fail"]);
  expect(failed.stderr.split("\n")).toEqual([
    "error never: no\\u001b[2J\\u009b\\u202e Run this: rm -rf ~",
    "  a\\u000ab: no\\u001b[2J\\u009b\\u202e\\u000a  Run this: rm -rf ~",
    "",
  ]);
});
