import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import { defaultLimits } from "../protocol/limits.js";
import { type EnvironmentVariable, fillIn, readEnvironment } from "./environment.js";
import { environmentVariables } from "./environment-variables.js";
import { resolveLimits } from "./limits.js";

const read = (environment: Readonly<Record<string, string | undefined>>) =>
  readEnvironment(environment, environmentVariables);

test.each<[string, string, object]>([
  ["TIDINGS_PORT", "8443", { port: 8443 }],
  ["TIDINGS_PORT", "0", { port: 0 }],
  ["TIDINGS_HOST", " 0.0.0.0 ", { host: "0.0.0.0" }],
  [
    "TIDINGS_ORIGINS",
    "https://a.example, https://*.b.example,",
    { origins: ["https://a.example", "https://*.b.example"] },
  ],
  ["TIDINGS_TRUST_PROXY", "private", { trustProxy: ["private"] }],
  ["TIDINGS_COMPRESSION", "YES", { compression: true }],
  ["TIDINGS_COMPRESSION", "0", { compression: false }],
  ["TIDINGS_HEARTBEAT_EVERY", "1m", { heartbeat: { every: "1m" } }],
  ["TIDINGS_HEARTBEAT_BY", "message", { heartbeat: { by: "message" } }],
  ["TIDINGS_DRAIN_DEADLINE", "10s", { drain: { deadline: "10s" } }],
  ["TIDINGS_LIMITS_MESSAGE_SIZE", "1mb", { limits: { messageSize: "1mb" } }],
  ["TIDINGS_LIMITS_MESSAGES", "5/1s", { limits: { messages: "5/1s" } }],
  ["TIDINGS_LIMITS_CONNECTIONS_PER_USER", "3", { limits: { connectionsPerUser: 3 } }],
  ["TIDINGS_LOG", "DEBUG", { log: { level: "debug" } }],
  ["TIDINGS_LOG_FORMAT", "json", { log: { format: "json" } }],
  ["TIDINGS_HTTP_API_KEYS", "one,two", { http: { api: { keys: ["one", "two"] } } }],
])("%s=%s is read as the option has it", (name, text, values) => {
  const found = read({ [name]: text });
  expect(found.values).toEqual(values);
  expect([...found.sources.values()]).toEqual([name]);
});

test("variables of one option stand beside each other", () => {
  expect(read({ TIDINGS_LIMITS_CHANNELS: "5", TIDINGS_LIMITS_OUTBOX: "2kb", TIDINGS_HTTP_PORT: "0" }).values).toEqual({
    limits: { channels: 5, outbox: "2kb" },
    http: { port: 0 },
  });
});

test.each([undefined, "", "  "])("a variable that is %j is left out", (text) => {
  expect(read({ TIDINGS_PORT: text, TIDINGS_ORIGINS: text })).toEqual({ values: {}, sources: new Map(), unknown: [] });
});

test.each([
  ["TIDINGS_PORT", "http", '"http", which is no port', "0 to 65535"],
  ["TIDINGS_PORT", "65536", "no port", "65535"],
  ["TIDINGS_PORT", "-1", "no port", "65535"],
  ["TIDINGS_COMPRESSION", "maybe", "neither true nor false", "true or false"],
  ["TIDINGS_HEARTBEAT_EVERY", "30", "no duration", "like 30s"],
  ["TIDINGS_LIMITS_MESSAGES", "10", "no rate", "10/1s"],
  ["TIDINGS_LIMITS_OUTBOX", "1tb", "no size", "64kb"],
  ["TIDINGS_LIMITS_CHANNELS", "0", "no whole number of at least 1", "like 100"],
  ["TIDINGS_LIMITS_CHANNELS", "1.5", "no whole number", "like 100"],
  ["TIDINGS_LIMITS_HANDSHAKE", "0s", "limits.handshake", "at least 1"],
  ["TIDINGS_HEARTBEAT_BY", "smoke", "none of its words", "frame or message"],
  ["TIDINGS_LOG", "verbose", "none of its words", "debug, info, warn, error or silent"],
  ["TIDINGS_ORIGINS", "app.example", "is no origin", "https://"],
  ["TIDINGS_TRUST_PROXY", "my-proxy", "is no address of a proxy", "10.0.0.0/8"],
])("%s=%s is refused by the variable's name, with what to write", (name, text, what, fix) => {
  const refused = refusalOf(() => read({ [name]: text }));
  expect(refused).toMatchObject({
    code: "invalid_variable",
    message: expect.stringMatching(new RegExp(`^${name} is `)),
    fix: expect.stringContaining(fix),
  });
  expect(refused.message).toContain(what);
});

test("what is wrong with a secret is told without it", () => {
  const secret: EnvironmentVariable = {
    name: "TIDINGS_SECRET",
    option: "secret",
    kind: "text",
    what: "",
    isSecret: true,
    check: (value: string) => {
      throw new ConfigError("weak", { message: `"${value}" is weak.`, fix: "Take a longer one." });
    },
  };
  const refused = refusalOf(() => readEnvironment({ TIDINGS_SECRET: "hush" }, [secret]));
  expect(refused).toMatchObject({ message: "TIDINGS_SECRET can't be used. Take a longer one." });
  expect(refused.cause).toBeUndefined();
  const numeric = refusalOf(() => readEnvironment({ TIDINGS_SECRET: "hush" }, [{ ...secret, kind: "count" }]));
  expect(numeric.message).not.toContain("hush");
});

test("a variable that is none is named with the one that was meant", () => {
  const { unknown } = read({ TIDINGS_LIMITS_MESAGE_SIZE: "1mb", TIDINGS_FLAVOUR: "mild", PATH: "/bin", PORT: "1" });
  expect(unknown).toEqual([
    { name: "TIDINGS_LIMITS_MESAGE_SIZE", nearest: "TIDINGS_LIMITS_MESSAGE_SIZE" },
    { name: "TIDINGS_FLAVOUR", nearest: undefined },
  ]);
});

test("what code gives comes before the environment, option by option", () => {
  const guard = () => true;
  const given = {
    limits: { outbox: "1kb", channels: undefined },
    http: { docs: { guard } },
    origins: [],
    compression: false,
  };
  const values = {
    limits: { outbox: "2kb", channels: 5 },
    http: { docs: true, port: 0 },
    origins: ["*"],
    compression: true,
    heartbeat: { every: "1m" },
  };
  expect(fillIn(given, values)).toEqual({
    limits: { outbox: "1kb", channels: 5 },
    http: { docs: { guard }, port: 0 },
    origins: [],
    compression: false,
    heartbeat: { every: "1m" },
  });
  expect(given.limits.channels).toBeUndefined();
});

test("an option that can't be stays as it is, for whoever checks it", () => {
  expect(fillIn({ limits: "many" }, { limits: { channels: 5 } })).toEqual({ limits: "many" });
});

test("each limit that an app can be given has a variable, whose default is the app's", () => {
  const variables = environmentVariables.filter(({ option }) => option.startsWith("limits."));
  const names = variables.map(({ option }) => option.slice("limits.".length));
  expect(new Set(names).size).toBe(names.length);
  for (const name of Object.keys(defaultLimits)) {
    const canBeGiven = refusalOf(() => resolveLimits({ [name]: 0 as never })).code !== "unknown_limit";
    expect([name, names.includes(name)]).toEqual([name, canBeGiven]);
  }
  const defaults = variables.flatMap((each) => (each.default === undefined ? [] : [[each.name, each.default]]));
  const { limits } = read(Object.fromEntries(defaults)).values;
  expect(resolveLimits(limits as never)).toEqual(defaultLimits); // what the table's defaults were read as
});

test("no two variables have one name, or fill one option", () => {
  for (const key of ["name", "option"] as const) {
    const all = environmentVariables.map((each) => each[key]);
    expect(new Set(all).size).toBe(all.length);
  }
});

function refusalOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return new ConfigError("none", { message: "Nothing was refused.", fix: "" });
}
