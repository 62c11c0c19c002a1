import { expect, test, vi } from "vitest";
import { z } from "zod";
import { RecordingUpgrade, type UpgradeOf } from "../../test/support/recording-upgrade.js";
import { Routes } from "../app/routes.js";
import type { Credential, Identity } from "../declare/credential.js";
import { type AnyEndpoint, endpoint } from "../declare/endpoint.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import { admit, checkUpgrade, subprotocolFor } from "./admission.js";
import type { Environment, Override } from "./environment.js";

const NOW_MS = 1_000_000;

test.each<[string, UpgradeOf, string]>([
  ["another method", { method: "POST" }, "upgrade_required"],
  ["no Upgrade", { headers: { upgrade: undefined } }, "upgrade_required"],
  ["an upgrade to something else", { headers: { upgrade: "h2c" } }, "upgrade_required"],
  ["no version", { headers: { "sec-websocket-version": undefined } }, "upgrade_required"],
  ["an old version", { headers: { "sec-websocket-version": "8" } }, "upgrade_required"],
  ["no key", { headers: { "sec-websocket-key": undefined } }, "bad_request"],
  ["a short key", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZQ==" } }, "bad_request"],
  ["a key without its padding", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ" } }, "bad_request"],
  ["a long key", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZSB0b28=" } }, "bad_request"],
  ["a key that is no base64", { headers: { "sec-websocket-key": "dGhlIHNhbXBsZSBub25j-Q==" } }, "bad_request"],
  ["malformed subprotocols", { headers: { "sec-websocket-protocol": "a,,b" } }, "bad_request"],
])("%s is no handshake", (_, given, code) => {
  expect(() => checkUpgrade(new RecordingUpgrade(given))).toThrow(expect.objectContaining({ code }));
});

test("a handshake offers its subprotocols, and the endpoint takes the first that fits", () => {
  expect(checkUpgrade(new RecordingUpgrade())).toEqual([]);
  expect(checkUpgrade(new RecordingUpgrade({ headers: { upgrade: "WebSocket" } }))).toEqual([]);
  const offered = checkUpgrade(new RecordingUpgrade({ headers: { "sec-websocket-protocol": "x, mine, tidings.v1" } }));
  expect(offered).toEqual(["x", "mine", "tidings.v1"]);
  expect(subprotocolFor(routeOf(endpoint("/ws", { subprotocols: ["mine"] }), "/ws").route, offered)).toBe("mine");
  expect(subprotocolFor(routeOf(endpoint("/ws", {}), "/ws").route, offered)).toBe("tidings.v1");
  expect(subprotocolFor(routeOf(endpoint("/ws", {}), "/ws").route, ["x"])).toBeUndefined();
});

/** Whose every check notes that it was asked, and passes or not as the query says. */
function checkedEndpoint(asked: string[]) {
  const checked = (what: string, ok: (value: unknown) => boolean) =>
    z.record(z.string(), z.string()).refine((value) => {
      asked.push(what);
      return ok(value);
    });
  const auth: Credential<{ readonly id: string; readonly name: string }> = {
    "~is": "credential",
    places: ["query"],
    check() {},
    async authenticate({ tokens }) {
      asked.push("credential");
      if (tokens.query[0] !== "good") throw unauthorized();
      return { user: { id: "1", name: "ana" }, expiresAtMs: NOW_MS + 1 };
    },
  };
  return endpoint("/ws/:room", {
    params: checked("path", (params) => (params as { room: string }).room !== "bad"),
    query: checked("query", (query) => (query as { q?: string }).q === "good"),
    auth,
    allow: ({ query }) => {
      asked.push("allow");
      return (query as { allow?: string }).allow === "good";
    },
  });
}

test.each([
  ["/ws/bad", "bad_request", ["path"]],
  ["/ws/a", "bad_request", ["path", "query"]],
  ["/ws/a?q=good", "unauthorized", ["path", "query", "credential"]],
  ["/ws/a?q=good&token=good", "forbidden", ["path", "query", "credential", "allow"]],
])("the first check that fails answers, and no later one is asked: %s", async (target, code, asked) => {
  const done: string[] = [];
  await expect(admitTo(checkedEndpoint(done), target)).rejects.toMatchObject({ code });
  expect(done).toEqual(asked);
});

test("a token that can't be is refused before anything of the app is asked", async () => {
  const done: string[] = [];
  const admission = admitTo(checkedEndpoint(done), "/ws/bad?token=a&token=b");
  await expect(admission).rejects.toMatchObject({ code: "bad_request", message: "The query has more than one token." });
  expect(done).toEqual([]);
});

test("who passes is admitted with what the checks gave", async () => {
  const shape = endpoint("/ws/:room", {
    params: z.object({ room: z.string().toUpperCase() }),
    query: z.object({ page: z.coerce.number(), size: z.string().default("10") }),
  });
  expect(await admitTo(shape, "/ws/lobby?page=3")).toEqual({
    params: { room: "LOBBY" },
    query: { page: 3, size: "10" },
    user: undefined,
    expiresAtMs: undefined,
  });
  expect(await admitTo(checkedEndpoint([]), "/ws/a?q=good&token=good&allow=good")).toEqual({
    params: { room: "a" },
    query: { q: "good", allow: "good" },
    user: { id: "1", name: "ana" },
    expiresAtMs: NOW_MS + 1,
  });
});

test("what does not fit is told without the token", async () => {
  const shape = endpoint("/ws", { query: z.strictObject({ page: z.coerce.number() }) });
  const failed = admitTo(shape, "/ws?page=x&token=secret");
  await expect(failed).rejects.toMatchObject({ code: "bad_request", issues: [{ path: ["page"] }] });
  await expect(failed).rejects.not.toThrow("secret");
});

test("`allow` sees who asks to enter, may take its time, and only `true` lets in", async () => {
  const allow = vi.fn(
    async ({ user, params, request }) => user === undefined && params.room === "a" && request.url.pathname === "/ws/a",
  );
  await admitTo(endpoint("/ws/:room", { allow }), "/ws/a");
  expect(allow).toHaveBeenCalledOnce();
  for (const answer of [1, "true", {}, undefined]) {
    const shape = endpoint("/ws", { allow: () => answer as boolean });
    await expect(admitTo(shape, "/ws")).rejects.toMatchObject({ code: "forbidden" });
  }
});

test("what a check throws is the refusal", async () => {
  const throwing = (error: unknown) =>
    endpoint("/ws", {
      allow: () => {
        throw error;
      },
    });
  await expect(admitTo(throwing(new TidingsError("sold_out")), "/ws")).rejects.toMatchObject({ code: "sold_out" });
  await expect(admitTo(throwing(new Error("broken")), "/ws")).rejects.toThrow("broken");
});

test("an override takes the place of a credential: it is given the token, and a token is needed still", async () => {
  const shape = checkedEndpoint([]);
  const { auth } = shape["~definition"];
  const fake = vi.fn(async ({ token }: { token: string }): Promise<Identity> => ({ id: `fake ${token}` }));
  const overrides = new Map([[auth as Credential, fake as unknown as Override]]);
  const admitted = await admitTo(shape, "/ws/a?q=good&allow=good&token=bob", overrides);
  expect(admitted.user).toEqual({ id: "fake bob" });
  expect(fake).toHaveBeenCalledWith(expect.objectContaining({ token: "bob", nowMs: NOW_MS }));
  const without = admitTo(shape, "/ws/a?q=good", overrides);
  await expect(without).rejects.toMatchObject({ code: "unauthorized" });
});

function routeOf(shape: AnyEndpoint, path: string) {
  const found = new Routes({ endpoints: [shape] }).find(path);
  if (found === undefined) throw new Error(`There is no endpoint at ${path}.`);
  return found;
}

function admitTo(shape: AnyEndpoint, target: string, overrides: Environment["overrides"] = new Map()) {
  const { route, params } = routeOf(shape, target.split("?")[0] ?? "");
  // What an admission uses of its surroundings.
  const environment = { app: {}, overrides, clock: { now: () => NOW_MS } } as unknown as Environment;
  return admit(new RecordingUpgrade({ target }), route, params, environment);
}
