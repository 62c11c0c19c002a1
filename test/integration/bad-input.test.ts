import { channel, endpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const everyone = channel("everyone", { events: { said: z.object({ text: z.string() }) } });

function createRoom() {
  return endpoint("/ws/room", {
    channels: [everyone],
    receives: {
      say: z.object({ text: z.string().max(10) }),
      list: z.array(z.number()).max(100_000),
      tree: z.strictObject({ a: z.object({ b: z.array(z.object({ c: z.number() })) }) }),
      any: z.unknown(),
    },
    open: ({ connection }) => connection.join(everyone()),
    on: {
      say: ({ app, connection }, { text }) =>
        app.publish(everyone(), "said", { text }, { except: connection }).then(() => text),
      list: (_, numbers) => numbers.length,
      tree: () => "tree",
      any: (_, payload) => payload,
    },
  });
}

interface Bad {
  readonly name: string;
  readonly text: string;
  readonly answer: { readonly id?: string | number; readonly payload: Readonly<Record<string, unknown>> };
}

/** Without an id that could be read. */
function bad(name: string, text: string, code: string, more: object = {}): Bad {
  return { name, text, answer: { payload: { code, message: expect.any(String), ...more } } };
}

function badWithId(name: string, text: string, id: string | number, code: string, more: object = {}): Bad {
  return { name, text, answer: { id, payload: { code, message: expect.any(String), ...more } } };
}

const notJson: readonly Bad[] = [
  ["nothing", ""],
  ["a blank", " "],
  ["a word", "hello"],
  ["PING in capitals", "PING"],
  ["ping with a blank", "ping "],
  ["half a message", '{"type":"say"'],
  ["two messages", '{"type":"say"}{"type":"say"}'],
  ["a message and more", '{"type":"any","id":1} x'],
  ["a byte order mark before it", '\ufeff{"type":"any","id":1}'],
  ["single quotes", "{'type':'any'}"],
  ["keys without quotes", '{type:"any"}'],
  ["a comma too many", '{"type":"any",}'],
  ["a comment", '{"type":"any"/* why */}'],
  ["NaN", '{"type":"any","id":NaN}'],
  ["a line break in a string", '{"type":"any","payload":"a\nb"}'],
  ["undefined", "undefined"],
].map(([name = "", text = ""]) => bad(name, text, "invalid_json"));

const notAMessage: readonly Bad[] = [
  ["null", "null"],
  ["true", "true"],
  ["a number", "42"],
  ["a string", '"say"'],
  ["an empty array", "[]"],
  ["an array of messages", '[{"type":"any","id":1},{"type":"any","id":2}]'],
  ["an empty object", "{}"],
  ["no type", '{"payload":{}}'],
  ["a type that is a number", '{"type":7}'],
  ["a type that is null", '{"type":null}'],
  ["a type that is an object", '{"type":{"toString":"say"}}'],
  ["a type that is a list", '{"type":["say"]}'],
  ["an empty type", '{"type":""}'],
  ["a type that begins with a digit", '{"type":"1st"}'],
  ["a type with a blank", '{"type":"say it"}'],
  ["a type with a slash", '{"type":"a/b"}'],
  ["a type of 65 characters", JSON.stringify({ type: "x".repeat(65) })],
  ["a type with an accent", '{"type":"café"}'],
  ["a type that begins with underscores", '{"type":"__proto__"}'],
  ["a type of the prototype", '{"__proto__":{"type":"any"}}'],
].map(([name = "", text = ""]) => bad(name, text, "invalid_message"));

const badTypeWithId: readonly Bad[] = [
  badWithId("no type, but an id", '{"id":7}', 7, "invalid_message"),
  badWithId("a bad type, but an id", '{"type":"a b","id":"x"}', "x", "invalid_message"),
];

const badIds: readonly Bad[] = [
  ["empty", '""'],
  ["of 65 characters", JSON.stringify("x".repeat(65))],
  ["of 65 astral characters", JSON.stringify("👩".repeat(65))],
  ["past 2^53", "9007199254740992"],
  ["before -2^53", "-9007199254740992"],
  ["with a fraction", "1.5"],
  ["infinite", "1e999"],
  ["null", "null"],
  ["true", "true"],
  ["an object", "{}"],
  ["a list", "[1]"],
].map(([name = "", id = ""]) =>
  bad(`an id that is ${name}`, `{"type":"any","id":${id}}`, "invalid_message", { type: "any" }),
);

const unknownTypes: readonly Bad[] = [
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "SAY",
  "tidings.secret",
  "connect",
  "reply",
  "error",
  "connected",
  "x".repeat(64),
].map((type) => badWithId(`the type ${type}`, JSON.stringify({ type, id: 9 }), 9, "unknown_type", { type }));

function misfit(name: string, type: string, payload: string, paths: readonly (readonly (string | number)[])[]): Bad {
  const issues = paths.map((path) => ({ path, message: expect.any(String) as string }));
  return badWithId(name, `{"type":"${type}","payload":${payload},"id":5}`, 5, "invalid_payload", { type, issues });
}

const misfits: readonly Bad[] = [
  misfit("a payload that is null", "say", "null", [[]]),
  misfit("a payload that is a text", "say", '"hi"', [[]]),
  misfit("a payload that is a list", "say", '["hi"]', [[]]),
  misfit("a field too few", "say", "{}", [["text"]]),
  misfit("a field that does not fit", "say", '{"text":7}', [["text"]]),
  misfit("a text too long", "say", '{"text":"12345678901"}', [["text"]]),
  misfit("a field only of the prototype", "say", '{"__proto__":{"text":"hi"}}', [["text"]]),
  misfit("a list in the place of an object", "tree", "[]", [[]]),
  misfit("fields deep inside", "tree", '{"a":{"b":[{"c":1},{"c":"2"},{}]}}', [
    ["a", "b", 1, "c"],
    ["a", "b", 2, "c"],
  ]),
  misfit("an unknown field where none may be", "tree", '{"a":{"b":[]},"x":1}', [[]]),
  misfit(
    "more faults than are told",
    "list",
    JSON.stringify(Array(500).fill("x")),
    Array.from({ length: 10 }, (_, n) => [n]),
  ),
  bad("a payload left out where it may not be, without an id", '{"type":"say"}', "invalid_payload", {
    type: "say",
    issues: [{ path: ["text"], message: expect.any(String) }],
  }),
];

const table = [...notJson, ...notAMessage, ...badTypeWithId, ...badIds, ...unknownTypes, ...misfits];

test.each(table)("$name is answered by one error; what follows is handled, and nobody else hears", async (given) => {
  await using server = await serve({ endpoints: [createRoom()] });
  const [sender, other] = [await dial(`${server.url}/ws/room`), await dial(`${server.url}/ws/room`)];
  await Promise.all([sender, other].map((each) => each.takeAll()));
  sender.sendText(given.text);
  sender.send({ type: "say", payload: { text: "on" }, id: "next" });
  expect(await sender.take(2)).toEqual([
    { type: "error", ...given.answer },
    { type: "reply", id: "next", payload: "on" },
  ]);
  expect(await sender.takeAll()).toEqual([]);
  expect(await other.takeAll()).toEqual([{ type: "said", channel: "everyone", payload: { text: "on" } }]);
  expect(server.errors.unread).toEqual([]);
  expect(server.app.stats()).toMatchObject({ connections: 2, errorsAnswered: 1 });
});

test("all of it at once on one connection is answered in its order", async () => {
  await using server = await serve({ endpoints: [createRoom()], limits: anyRate });
  const client = await dial(`${server.url}/ws/room`);
  for (const { text } of table) client.sendText(text);
  client.send({ type: "any", id: "end" });
  expect(await client.takeUntil("end")).toEqual(table.map(({ answer }) => ({ type: "error", ...answer })));
});

test.each([
  ["the longest string", "x".repeat(64)],
  ["64 astral characters", "👩".repeat(64)],
  ["a blank", " "],
  ["the largest integer", Number.MAX_SAFE_INTEGER],
  ["the smallest integer", Number.MIN_SAFE_INTEGER],
  ["zero", 0],
  ["__proto__", "__proto__"],
])("an id that is %s comes back as it was", async (_, id) => {
  await using server = await serve({ endpoints: [createRoom()] });
  const client = await dial(`${server.url}/ws/room`);
  expect(await client.ask("any", 1, id)).toEqual({ type: "reply", id, payload: 1 });
  expect(await client.ask("none", 1, id)).toMatchObject({ type: "error", id });
});

test("keys of a prototype are keys like any other, and change nobody's prototype", async () => {
  await using server = await serve({ endpoints: [createRoom()] });
  const client = await dial(`${server.url}/ws/room`);
  const payload = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}';
  client.sendText(`{"type":"any","id":1,"payload":${payload}}`);
  expect(await client.nextText()).toBe(`{"type":"reply","id":1,"payload":${payload}}`);
  client.sendText(`{"type":"say","id":2,"payload":{"text":"x","__proto__":{"text":"y"},"constructor":"z"}}`);
  expect(await client.next()).toEqual({ type: "reply", id: 2, payload: "x" });
  expect({}).not.toHaveProperty("polluted");
});

test("strings that have no UTF-8, and separators of lines, are written so that every JSON parser reads them", async () => {
  await using server = await serve({ endpoints: [createRoom()] });
  const client = await dial(`${server.url}/ws/room`);
  client.sendText('{"type":"any","id":1,"payload":["\\ud800","\\u2028","\\u0000","\\udc00\\ud800"]}');
  expect(await client.next()).toEqual({ type: "reply", id: 1, payload: ["\ud800", "\u2028", "\0", "\udc00\ud800"] });
});

test("a message that is nested as deep as its size lets it be harms nobody", async () => {
  await using server = await serve({ endpoints: [createRoom()] });
  const [client, other] = [await dial(`${server.url}/ws/room`), await dial(`${server.url}/ws/room`)];
  const deep = 32_000;
  client.sendText(`{"type":"any","id":1,"payload":${"[".repeat(deep)}${"]".repeat(deep)}}`);
  expect(await client.next()).toMatchObject({ id: 1 });
  client.sendText(`{"type":"tree","id":2,"payload":${'{"a":'.repeat(8_000)}1${"}".repeat(8_000)}}`);
  expect(await client.next()).toMatchObject({ id: 2, payload: { code: "invalid_payload" } });
  expect(await client.ask("any", "alive", 3)).toMatchObject({ payload: "alive" });
  expect(await other.ask("any", "alive", 3)).toMatchObject({ payload: "alive" });
});
