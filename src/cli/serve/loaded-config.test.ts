import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { type ConfigSources, checkConfig, loadConfig, tellFault } from "./loaded-config.js";
import { printedSettings, printSettings } from "./printed-config.js";

/** A folder with these files, which goes when the test is over. */
function folderOf(files: Readonly<Record<string, string>> = {}) {
  const path = mkdtempSync(join(tmpdir(), "tidings-config-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

function sourcesOf(folder: { readonly path: string }, more: Partial<ConfigSources> = {}): ConfigSources {
  const { env = {}, ownEnv = env } = more;
  return { file: undefined, flags: {}, ...more, env, ownEnv, folder: folder.path };
}

test("an option of the command comes before the environment, that before .env, and that before the file", async () => {
  using folder = folderOf({
    "tidings.config.json": JSON.stringify({
      port: 1,
      host: "1",
      origins: ["https://1"],
      limits: { messages: "1/1s", channels: 1 },
    }),
  });
  const ownEnv = { TIDINGS_PORT: "3", TIDINGS_HOST: "3" };
  const env = { TIDINGS_LIMITS_MESSAGES: "2/1s", TIDINGS_LOG: "debug", ...ownEnv };
  const { config, sources, file } = await loadConfig(sourcesOf(folder, { env, ownEnv, flags: { port: 4 } }));
  expect(config).toEqual({
    port: 4,
    host: "3",
    origins: ["https://1"],
    limits: { messages: "2/1s", channels: 1 },
    log: { level: "debug" },
  });
  expect(Object.fromEntries(sources)).toEqual({
    port: "--port",
    host: "TIDINGS_HOST",
    "limits.messages": "TIDINGS_LIMITS_MESSAGES in .env",
    "log.level": "TIDINGS_LOG in .env",
  });
  expect(file).toBe("tidings.config.json");
});

test("there need be no file; one that is named must be there, by the command or by TIDINGS_CONFIG", async () => {
  using folder = folderOf({ "other.json": '{"port":7}' });
  expect(await loadConfig(sourcesOf(folder))).toMatchObject({ config: {}, file: undefined });
  expect(await loadConfig(sourcesOf(folder, { file: "other.json" }))).toMatchObject({ config: { port: 7 } });
  expect(await loadConfig(sourcesOf(folder, { env: { TIDINGS_CONFIG: "other.json" } }))).toMatchObject({
    file: "other.json",
  });
  await expect(loadConfig(sourcesOf(folder, { file: "nope.json" }))).rejects.toMatchObject({
    code: "config_not_found",
  });
});

test("a file may be a module with a default export", async () => {
  using folder = folderOf({ "tidings.config.mjs": "export default { port: 3 + 4 };" });
  expect(await loadConfig(sourcesOf(folder))).toMatchObject({ config: { port: 7 }, file: "tidings.config.mjs" });
});

test.each([
  ["no.json", '{\n  "port": 1,\n  oops\n}', /line 3/],
  ["empty.json", "", /JSON/],
  ["list.json", "[]", /no object/],
  ["text.json", '"port"', /no object/],
  ["none.mjs", "export const port = 1;", /no default export/],
  ["throws.mjs", "throw new Error('by itself');", /by itself/],
])("%s can't be read, and says why", async (file, text, why) => {
  using folder = folderOf({ [file]: text });
  await expect(loadConfig(sourcesOf(folder, { file }))).rejects.toMatchObject({
    code: "config_unreadable",
    message: expect.stringMatching(why),
  });
});

test("a file with the mark of its byte order is read all the same", async () => {
  using folder = folderOf({ "tidings.config.json": '\uFEFF{"port":7}' });
  expect(await loadConfig(sourcesOf(folder))).toMatchObject({ config: { port: 7 } });
});

test.each<[object, string, string]>([
  [{ chanels: {} }, "t.json: chanels is no option.", "Did you mean channels?"],
  [
    { channels: { "chat/:room": { subscibe: "users" } } },
    't.json: channels["chat/:room"].subscibe is no option.',
    "Did you mean subscribe?",
  ],
  [{ jwt: { xyz: 1 } }, "t.json: jwt.xyz is no option.", "The options here are secret, key, jwks"],
  [
    { channels: { a: { publish: "evrybody" } } },
    't.json: channels.a.publish is "evrybody".',
    'Did you mean "everybody"?',
  ],
  [{ channels: { a: { publish: 5 } } }, "t.json: channels.a.publish is 5.", "Give it one of"],
  [
    { channels: { a: { publish: "all of them" } } },
    't.json: channels.a.publish is "all of them".',
    'Give it one of "everybody", "users", "nobody", "webhook".',
  ],
  [{ channels: { a: { history: { size: 0, ttl: "5m" } } } }, "t.json: channels.a.history.size is 0.", "at least 1"],
  [{ channels: { a: { history: { size: 1 } } } }, "t.json: channels.a.history.ttl is missing.", "Give it."],
  [{ channels: { a: { history: { size: 1, ttl: 5 } } } }, "t.json: channels.a.history.ttl is 5.", "a duration"],
  [
    { channels: { a: { presence: "yes" } } },
    't.json: channels.a.presence is "yes".',
    "true, false, or a list of claims",
  ],
  [
    { channels: { a: { events: { said: "text" } } } },
    't.json: channels.a.events.said is "text".',
    "a JSON Schema, true or false",
  ],
  [{ channels: [] }, "t.json: channels is a list.", "Give it an object."],
  [
    { endpoints: { "/ws": { auth: "optional" } } },
    't.json: endpoints["/ws"].auth is "optional".',
    '"required", "none"',
  ],
  [
    { endpoints: { "/ws": { receives: "webhok" } } },
    't.json: endpoints["/ws"].receives is "webhok".',
    '"webhook", or an object',
  ],
  [
    { endpoints: { "/ws": { limits: { connections: 5 } } } },
    't.json: endpoints["/ws"].limits.connections is no option.',
    "The options here are",
  ],
  [{ limits: { messages: "10 per second" } }, 't.json: limits.messages is "10 per second".', "a rate"],
  [{ limits: { messageSize: 65536 } }, "t.json: limits.messageSize is 65536.", "a size"],
  [{ port: 70000 }, "t.json: port is 70000.", "a port"],
  [{ webhooks: { url: "backend" } }, "t.json: webhooks.url can't be what it is.", "https://"],
  [{ webhooks: { hooks: ["message"] } }, 't.json: webhooks.hooks[0] is "message".', '"connect", "disconnect"'],
  [{ jwt: { secret: "" } }, "t.json: jwt.secret is empty.", "leave it out"],
  [{ origins: "https://app.example" }, 't.json: origins is "https://app.example".', "Give it a list."],
])("%j is refused: %s", async (given, message, fix) => {
  using folder = folderOf({ "t.json": JSON.stringify(given) });
  await expect(loadConfig(sourcesOf(folder, { file: "t.json" }))).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining(message),
    fix: expect.stringContaining(fix),
  });
});

test("no secret is shown in an error", async () => {
  const secret = "correct horse battery";
  const given = {
    webhooks: { secret },
    jwt: { secret: [secret] },
    http: { users: { ops: 5 }, api: { keys: [{ key: secret.slice(0, 9) }] } },
  };
  using folder = folderOf({ "t.json": JSON.stringify(given) });
  const { faults } = await checkConfig(sourcesOf(folder, { file: "t.json" }));
  expect(faults.map(({ path }) => path.join("."))).toEqual(
    expect.arrayContaining(["webhooks.secret", "jwt.secret", "http.users.ops"]),
  );
  expect(JSON.stringify(faults)).not.toContain("correct");
});

test.each<[object, string]>([
  [{ redis: "redis://:s3cret@host" }, "redis is a text"],
  [{ jwt: "s3cret" }, "jwt is a text"],
  [{ http: { api: "s3cret" } }, "http.api is a text"],
  [{ http: "s3cret" }, "http is a text"],
  [{ http: { api: { keys: "s3cret" } } }, "http.api.keys is a text"],
  [{ webhooks: "https://u:s3cret@h/" }, "webhooks is a text"],
  [{ webhooks: { url: "s3cret" } }, "webhooks.url can't be what it is"],
  [{ jwt: { from: "http://u:s3@cret@h/?token=s3cret#s3cret" } }, 'jwt.from is "http://•••@h/?•••"'],
])("%j shows no secret in the place of what holds one", async (given, message) => {
  using folder = folderOf({ "t.json": JSON.stringify(given) });
  const { faults } = await checkConfig(sourcesOf(folder, { file: "t.json" }));
  expect(faults.map((fault) => tellFault(fault, { file: undefined, sources: new Map() }))).toEqual([message]);
});

test.each([
  ['{\n  "jwt": { "secret": s3cret-of-many-characters }\n}', "Unexpected token (line 2, column 22)"],
  ['{"jwt": {"secret": s3cret', "Unexpected token (line 1, column 20)"],
  ['{"jwt": {"secret": "s3cret', "Unterminated string (line 1, column 27)"],
  ['{"jwt": {"secret": "s3cret\n"}}', "Bad control character in string literal (line 1, column 27)"],
  ['{"jwt": {"secret": "s3cret"', "Expected ',' or '}' after property value (line 1, column 28)"],
  ['{"jwt":{}} s3cret', "Unexpected non-whitespace character after JSON (line 1, column 12)"],
  ['{"jwt":', "Unexpected end of JSON input"],
])("of a file that is no JSON %j the place is shown, and none of its text", async (text, why) => {
  using folder = folderOf({ "t.json": text });
  const refused = (sources: ConfigSources) => loadConfig(sources).catch((error: unknown) => error);
  const error = await refused(sourcesOf(folder, { file: "t.json" }));
  expect(error).toMatchObject({ code: "config_unreadable", message: expect.stringContaining(`read: ${why}.`) });
  const ofVariable = await refused(sourcesOf(folder, { env: { TIDINGS_CHANNELS: text } }));
  expect(ofVariable).toMatchObject({ code: "invalid_variable", message: expect.stringContaining(`none: ${why}.`) });
  for (const each of [error, ofVariable]) expect(inspect(each)).not.toContain("s3cret");
});

test("a key that JavaScript would take for a prototype is a key like any other", async () => {
  using folder = folderOf({
    "t.json": '{"__proto__":{"port":5},"channels":{"__proto__":{"subscribe":"al"}},"log":{"__proto__":{"level":"x"}}}',
  });
  const sources = sourcesOf(folder, { file: "t.json", env: { TIDINGS_LOG: "debug", TIDINGS_HOST: "::1" } });
  const { config, faults } = await checkConfig(sources);
  expect(faults.map(({ path, message }) => [path.join("."), message])).toEqual([
    ["__proto__", "is no option"],
    ["channels.__proto__.subscribe", 'is "al"'],
    ["log.__proto__", "is no option"],
  ]);
  expect(config.port).toBeUndefined();
});

test("what is wrong in a variable names the variable", async () => {
  using folder = folderOf();
  const load = (env: Readonly<Record<string, string>>) => loadConfig(sourcesOf(folder, { env }));
  await expect(load({ TIDINGS_PORT: "http" })).rejects.toMatchObject({
    message: expect.stringContaining("TIDINGS_PORT"),
  });
  await expect(load({ TIDINGS_WEBHOOKS_TIMEOUT: "5" })).rejects.toMatchObject({
    message: expect.stringContaining("TIDINGS_WEBHOOKS_TIMEOUT"),
  });
  await expect(load({ TIDINGS_WEBHOOKS_HOOKS: "connect,message" })).rejects.toMatchObject({
    message: 'TIDINGS_WEBHOOKS_HOOKS: webhooks.hooks[1] is "message". Give it one of "connect", "disconnect".',
  });
  await expect(load({ TIDINGS_CHANNELS: "{oops" })).rejects.toMatchObject({ code: "invalid_variable" });
  await expect(load({ TIDINGS_CHANNELS: '{"a":{"subscribe":"al"}}' })).rejects.toMatchObject({
    message: expect.stringContaining("TIDINGS_CHANNELS: channels.a.subscribe"),
  });
});

test("TIDINGS_CHANNELS names channels that users may subscribe to; :user is their own", async () => {
  using folder = folderOf();
  const load = async (text: string) =>
    (await loadConfig(sourcesOf(folder, { env: { TIDINGS_CHANNELS: text } }))).config.channels;
  expect(await load("chat/:room, inbox/:user,")).toEqual({
    "chat/:room": { subscribe: "users" },
    "inbox/:user": { subscribe: "users", match: { user: "sub" } },
  });
  expect(await load('{"news":{"subscribe":"everybody"}}')).toEqual({ news: { subscribe: "everybody" } });
  expect(await load("  ")).toBeUndefined();
});

test("a variable that means nothing is told with the nearest that does", async () => {
  using folder = folderOf();
  const { unknown } = await loadConfig(
    sourcesOf(folder, { env: { TIDINGS_WEBHOKS_URL: "x", TIDINGS_NONSENSE_AT_ALL: "x" } }),
  );
  expect(unknown).toEqual([
    { name: "TIDINGS_WEBHOKS_URL", nearest: "TIDINGS_WEBHOOKS_URL" },
    { name: "TIDINGS_NONSENSE_AT_ALL", nearest: undefined },
  ]);
});

test("what holds is printed with where it is from; of a secret only that it is there", async () => {
  const env = {
    TIDINGS_JWT_SECRET: "s3cret-1",
    TIDINGS_REDIS_URL: "redis://app:s3cret-2@localhost",
    TIDINGS_HTTP_API_KEYS: "s3cret-3-of-sixteen",
  };
  const given = {
    channels: { "chat/:room": { subscribe: "users", events: { said: { type: "object" } } } },
    http: { users: { ops: "s3cret-4" } },
    webhooks: { secret: "s3cret-5".repeat(4), url: "https://me:s3cret-6@backend.example/s3cret-8?token=s3cret-7" },
    heartbeat: { every: "5s" },
  };
  using folder = folderOf({ "tidings.config.json": JSON.stringify(given) });
  const settings = printedSettings(await loadConfig(sourcesOf(folder, { env })));
  const at = (path: string) => settings.find((each) => each.path === path);
  expect(at("jwt.secret")).toEqual({ path: "jwt.secret", value: "•••", from: "TIDINGS_JWT_SECRET" });
  expect(at('channels["chat/:room"].subscribe')).toMatchObject({ value: "users", from: "tidings.config.json" });
  expect(at('channels["chat/:room"].events.said')).toMatchObject({ value: { type: "object" } });
  expect(at("webhooks.url")).toMatchObject({ value: "https://•••@backend.example/•••" });
  expect(at("heartbeat.every")).toMatchObject({ value: "5s", from: "tidings.config.json" });
  expect(at("heartbeat.timeout")).toMatchObject({ value: "10s", from: "default" });
  expect(at("port")).toMatchObject({ value: 8_000, from: "default" });
  expect(settings.filter(({ path }) => path === "heartbeat.every")).toHaveLength(1);
  for (const shown of [JSON.stringify(settings), printSettings(settings)]) expect(shown).not.toContain("s3cret");
});
