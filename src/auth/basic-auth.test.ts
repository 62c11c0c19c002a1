import { expect, test } from "vitest";
import type { Visit } from "../declare/http-options.js";
import { basicAuth } from "./basic-auth.js";

function visitWith(authorization?: string): Visit {
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  return { url: new URL("http://localhost/dashboard"), headers, cookies: {}, address: "127.0.0.1" };
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
