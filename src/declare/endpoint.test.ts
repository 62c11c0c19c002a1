import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../base/config-error.js";
import { reservedFromClients, reservedFromServers } from "../protocol/names.js";
import { channel } from "./channel.js";
import { type EndpointDefinition, endpoint, rawEndpoint, type SpeaksFrames, type SpeaksMessages } from "./endpoint.js";

const any = z.unknown();
const nothing = () => {};

/** What is declared in a way that its types forbid. */
const declare = (path: string, options: object) => endpoint(path, options as never);

test.each<[string, () => unknown, string, string]>([
  ["a path without a slash", () => declare("ws", {}), "invalid_pattern", 'Write "/ws".'],
  ["an impossible path", () => declare("/ws/", {}), "invalid_pattern", "Write segments"],
  ["a raw path without a slash", () => rawEndpoint("ws", {}), "invalid_pattern", 'Write "/ws".'],
  [
    "a message without a handler",
    () => declare("/ws", { receives: { say: any }, on: {} }),
    "missing_handler",
    "Add `say` to `on`, or take it out of `receives`.",
  ],
  [
    "a message whose handler is no function",
    () => declare("/ws", { receives: { say: any }, on: { say: "x" } }),
    "missing_handler",
    "Add `say`",
  ],
  [
    "a message whose handler is only inherited",
    () => declare("/ws", { receives: { toString: any }, on: {} }),
    "missing_handler",
    "Add `toString`",
  ],
  [
    "a handler without a message",
    () => declare("/ws", { on: { say: nothing } }),
    "undeclared_message",
    "Declare it in `receives` with its schema.",
  ],
  [
    "a reply without a message",
    () => declare("/ws", { replies: { say: any } }),
    "undeclared_message",
    "Declare it in `receives` with its schema.",
  ],
  [
    "a name that can't be",
    () => declare("/ws", { receives: { "two words": any }, on: { "two words": nothing } }),
    "invalid_name",
    "A name is 1 to 64",
  ],
  ["a name that can't be sent", () => declare("/ws", { sends: { "1st": any } }), "invalid_name", "A name is 1 to 64"],
  [
    "a close code of the protocol",
    () => declare("/ws", { closeCodes: { forbidden: 1008 } }),
    "invalid_close_code",
    "3000 to 4999",
  ],
  [
    "a raw close code that is none",
    () => rawEndpoint("/ws", { closeCodes: { unauthorized: 4000.5 } }),
    "invalid_close_code",
    "3000 to 4999",
  ],
  [
    "a loop and handlers",
    () => rawEndpoint("/ws", { run: async () => {}, binary: nothing }),
    "run_and_handlers",
    "Keep the loop, or keep `text` and `binary`.",
  ],
])("%s is refused, with what to do", (_, build, code, fix) => {
  expect(build).toThrow(ConfigError);
  expect(build).toThrow(expect.objectContaining({ code, fix: expect.stringContaining(fix) }));
  expect(build).toThrow("ws");
});

test.each([...reservedFromClients, "tidings.x"])("the protocol's own word %s can't be received", (type) => {
  expect(() => declare("/ws", { receives: { [type]: any }, on: { [type]: nothing } })).toThrow(
    expect.objectContaining({ code: "reserved_name", message: expect.stringContaining(`"${type}"`) }),
  );
});

test.each([...reservedFromServers, "tidings.x"])("the protocol's own word %s can't be sent", (type) => {
  expect(() => declare("/ws", { sends: { [type]: any } })).toThrow(expect.objectContaining({ code: "reserved_name" }));
});

test("a word that is reserved the other way round may be used", () => {
  endpoint("/ws", {
    receives: { drain: any, gap: any },
    sends: { subscribe: any, history: any },
    on: { drain: nothing, gap: nothing },
  });
});

test("each message has its schema, its reply's and its handler", () => {
  const say = z.object({ text: z.string() });
  const count = z.number();
  const handle = () => 7;
  const news = channel("news", { events: {} });
  const shape = endpoint("/ws/:room", {
    receives: { say, ask: any },
    replies: { ask: count },
    sends: { hello: say },
    channels: [news],
    on: { say: handle, ask: handle },
  });
  const speaks = speaksOf(shape) as SpeaksMessages;
  expect(shape).toMatchObject({ "~is": "endpoint", path: "/ws/:room" });
  expect([...speaks.receives]).toEqual([
    ["say", { label: 'message "say"', schema: say, reply: undefined, handle }],
    ["ask", { label: 'message "ask"', schema: any, reply: count, handle }],
  ]);
  expect([...speaks.sends]).toEqual([["hello", say]]);
  expect(speaks.channels).toEqual([news["~definition"]]);
  expect(speaks).toMatchObject({ kind: "messages", use: [] });
});

test("what is left out has its default", () => {
  expect(endpoint("/ws", {})["~definition"]).toMatchObject({
    auth: undefined,
    needs: {},
    params: undefined,
    query: undefined,
    allow: undefined,
    closeCodes: {},
    refuse: "http",
    subprotocols: [],
    limits: {},
    open: undefined,
    close: undefined,
  });
  expect(speaksOf(endpoint("/ws", {}))).toEqual({
    kind: "messages",
    receives: new Map(),
    sends: new Map(),
    channels: [],
    use: [],
  });
});

test("a raw endpoint keeps its handlers, or its loop", () => {
  const [text, binary, run] = [nothing, () => {}, async () => {}];
  expect(rawEndpoint("/ws", { text, binary })).toMatchObject({ "~is": "endpoint", raw: true, path: "/ws" });
  expect(speaksOf(rawEndpoint("/ws", { text, binary }))).toEqual({ kind: "frames", text, binary, run: undefined });
  expect((speaksOf(rawEndpoint("/ws", { run })) as SpeaksFrames).run).toBe(run);
});

test("an app's own close codes are 3000 to 4999, and may be left out", () => {
  const closeCodes = { unauthorized: 3000, token_expired: 4999, forbidden: undefined };
  expect(endpoint("/ws", { closeCodes })["~definition"].closeCodes).toEqual(closeCodes);
});

function speaksOf(shape: { readonly "~definition": EndpointDefinition }): EndpointDefinition["speaks"] {
  return shape["~definition"].speaks;
}
