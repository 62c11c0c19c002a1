import { expect, test } from "vitest";
import type { Guard, Visit } from "../declare/http-options.js";
import { basicAuth } from "./basic-auth.js";

function visitWith(authorization?: string, given: Partial<Visit> = {}): Visit {
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  return { url: new URL("http://localhost/dashboard"), headers, cookies: {}, address: "127.0.0.1", ...given };
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const of = (text: string) => visitWith(`Basic ${base64(text)}`);

test("a user with their own password is let in, and nobody else is", () => {
  const guard = basicAuth({ users: { ops: "correct horse", ana: "battery:staple" } });
  expect(guard(of("ops:correct horse"))).toBe(true);
  expect(guard(of("ana:battery:staple"))).toBe(true); // only the first colon parts them (RFC 7617 §2)
  for (const wrong of [
    "ops:battery:staple",
    "ana:correct horse",
    "ops:correct hors",
    "ops:correct horse ",
    "Ops:correct horse",
    "ops:",
    "ops",
    ":correct horse",
    ":",
    "toString:",
    "__proto__:undefined",
  ]) {
    expect([wrong, guard(of(wrong))]).toEqual([wrong, false]);
  }
});

test.each<[string, string | undefined]>([
  ["none", undefined],
  ["empty", ""],
  ["only a scheme", "Basic"],
  ["nothing behind it", "Basic "],
  ["another scheme", `Bearer ${base64("ops:pw")}`],
  ["not base64", "Basic ops:pw"],
  ["base64url", `Basic ${Buffer.from("ops:pw?>~").toString("base64url")}_-`],
  ["two of them", `Basic ${base64("ops:pw")}, Basic ${base64("ops:pw")}`],
  ["more behind it", `Basic ${base64("ops:pw")} x`],
  ["no UTF-8", `Basic ${Buffer.from([0x6f, 0xff, 0x3a]).toString("base64")}`],
  ["padding alone", "Basic ===="],
])("a header that is malformed is nobody's: %s", (_, header) => {
  expect(basicAuth({ users: { ops: "pw" } })(visitWith(header))).toBe(false);
});

test("the scheme's case does not matter (RFC 9110 §11.1)", () => {
  expect(basicAuth({ users: { ops: "pw" } })(visitWith(`bAsIc  ${base64("ops:pw")}`))).toBe(true);
});

test("names and passwords are UTF-8, however their letters are composed (RFC 7617 §2.1)", () => {
  const guard = basicAuth({ users: { zoë: "pâss€" } });
  expect(guard(of("zoë:pâss€".normalize("NFD")))).toBe(true);
  expect(guard(of("zoë:pâss€".normalize("NFC")))).toBe(true);
  expect(guard(visitWith(`Basic ${Buffer.from("zoë:pâss", "latin1").toString("base64")}`))).toBe(false);
});

test("what is no UTF-8 stands for no letter", () => {
  const guard = basicAuth({ users: { ops: "\ufffd" } });
  expect(guard(of("ops:\ufffd"))).toBe(true);
  expect(guard(visitWith(`Basic ${Buffer.from("ops:\xff", "latin1").toString("base64")}`))).toBe(false);
});

test("a refusal asks for a password, in UTF-8", () => {
  expect(basicAuth({ users: { ops: "pw" } }).challenge).toBe('Basic realm="Tidings", charset="UTF-8"');
  expect(basicAuth({ users: { ops: "pw" }, realm: 'a "b" \\' }).challenge).toBe(
    'Basic realm="a \\"b\\" \\\\", charset="UTF-8"',
  );
});

test.each([
  ["missing_password", /no password for "ops"\. Set the environment variable/, { users: { ops: undefined } }],
  ["missing_password", /no password for "ops"/, { users: { ana: "pw", ops: "" } }],
  ["missing_users", /no users\. Name one/, { users: {} }],
  ["invalid_user", /without a colon/, { users: { "a:b": "pw" } }],
  ["invalid_user", /without a colon/, { users: { "": "pw" } }],
  ["invalid_realm", /Write it in ASCII/, { users: { ops: "pw" }, realm: "a\r\nb" }],
  ["invalid_option", /`users`/, { users: undefined as never }],
  ["unknown_option", /Did you mean `users`/, { user: { ops: "pw" } } as never],
])("what can't be is told at once: %s", (code, message, options) => {
  expect(() => basicAuth(options)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

test("no error tells a password", () => {
  expect(() => basicAuth({ users: { "a:b": "hunter2" } })).toThrow(/^(?!.*hunter2)/);
});

/** The name, the value and the rest of the cookie by which somebody is remembered. */
function rememberedBy(guard: Guard, visit: Visit): { name: string; value: string; rest: string } {
  const [, name = "", value = "", rest = ""] = /^(\w+)=([\w-]+); (.+)$/.exec(guard.remember?.(visit) ?? "") ?? [];
  return { name, value, rest };
}

const handshake = (cookies: Readonly<Record<string, string>>, authorization?: string): Visit =>
  visitWith(undefined, {
    cookies,
    headers: new Headers({
      connection: "keep-alive, Upgrade",
      upgrade: "WebSocket",
      ...(authorization !== undefined && { authorization }),
    }),
  });

test("who was let in has a cookie, and is let in by it at a handshake where no password comes", () => {
  const guard = basicAuth({ users: { ops: "correct horse", ana: "pw" } });
  const { name, value, rest } = rememberedBy(guard, of("ops:correct horse"));
  expect(rest).toBe("HttpOnly; SameSite=Strict");
  expect(guard(handshake({ [name]: value }))).toBe(true);
  // In another process too.
  expect(basicAuth({ users: { ops: "correct horse", ana: "pw" } })(handshake({ [name]: value }))).toBe(true);
  expect(rememberedBy(guard, of("ana:pw")).value).not.toBe(value);
});

test("the cookie is good for nothing else", () => {
  const guard = basicAuth({ users: { ops: "correct horse" } });
  const { name, value } = rememberedBy(guard, of("ops:correct horse"));
  expect(guard(visitWith(undefined, { cookies: { [name]: value } }))).toBe(false);
  const cookies = { [name]: value };
  for (const connection of ["keep-alive", "x-upgrade", ""]) {
    // `node:http` takes it for a request like any other.
    const headers = new Headers({ upgrade: "websocket", connection });
    expect(guard(visitWith(undefined, { cookies, headers }))).toBe(false);
  }
  expect(guard(handshake(cookies, `Basic ${base64("ops:wrong")}`))).toBe(false);
  for (const cookies of [{ [name]: `${value}x` }, { [name]: "" }, { other: value }, {}]) {
    expect(guard(handshake(cookies))).toBe(false);
  }
});

test("another password makes another cookie", () => {
  const before = rememberedBy(basicAuth({ users: { ops: "old" } }), of("ops:old"));
  const guard = basicAuth({ users: { ops: "new" } });
  const after = rememberedBy(guard, of("ops:new"));
  expect(after.name).not.toBe(before.name);
  expect(guard(handshake({ [before.name]: before.value, [after.name]: before.value }))).toBe(false);
});

test("over TLS the cookie goes over TLS alone, and who was not let in has none", () => {
  const guard = basicAuth({ users: { ops: "pw" } });
  const url = new URL("https://ops.example/dashboard/dashboard.js");
  expect(rememberedBy(guard, { ...of("ops:pw"), url }).rest).toBe("HttpOnly; SameSite=Strict; Secure");
  for (const visit of [of("ops:wrong"), visitWith(), handshake({})]) expect(guard.remember?.(visit)).toBeUndefined();
});
