import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import { Origins } from "./origins.js";

const from = (origin: string | undefined, host: string | undefined = "app.example", isSecure = false) => ({
  origin,
  host,
  isSecure,
});

test("a program that is no browser sends no Origin and may connect", () => {
  expect(new Origins(undefined).allows(from(undefined))).toBe(true);
  expect(new Origins([]).allows(from(undefined))).toBe(true);
});

test.each([
  // origin, Host, over TLS, allowed
  ["https://app.example", "app.example", true, true],
  ["http://app.example", "app.example", true, false],
  ["http://app.example", "app.example", false, true],
  ["https://app.example", "app.example", false, true],
  ["https://APP.example", "App.Example", true, true],
  ["https://app.example:443", "app.example", true, true],
  ["https://app.example", "app.example:443", true, true],
  ["http://app.example", "app.example:80", false, true],
  ["https://app.example", "app.example:80", false, false],
  ["http://localhost:3000", "localhost:3000", false, true],
  ["http://localhost:3000", "localhost:3001", false, false],
  ["http://[::1]:8000", "[0:0::1]:8000", false, true],
  ["https://xn--bcher-kva.example", "xn--bcher-kva.example", true, true],
  ["https://other.example", "app.example", true, false],
  ["https://app.example.evil.example", "app.example", true, false],
  ["https://evil.example", "evil.example@app.example", true, false],
  ["https://evil.example", "evil.example/app.example", true, false],
  ["https://app.example", undefined, true, false],
  ["https://app.example", "", true, false],
  ["capacitor://app.example", "app.example", false, false],
  ["file://", "", false, false],
])("the page of %s at the host %s (TLS: %s) is the server's own: %s", (origin, host, isSecure, allowed) => {
  expect(new Origins(undefined).allows({ origin, host, isSecure })).toBe(allowed);
  expect(new Origins(["https://listed.example"]).allows({ origin, host, isSecure })).toBe(allowed);
});

test.each([
  ["https://app.example", "https://app.example", true],
  ["https://App.example:443", "https://app.example", true],
  ["https://app.example", "https://app.example:443", true],
  ["https://app.example", "https://APP.EXAMPLE", true],
  ["https://app.example", "http://app.example", false],
  ["https://app.example", "https://app.example:8443", false],
  ["https://app.example", "https://sub.app.example", false],
  ["https://app.example", "https://app.example.", false],
  ["https://bücher.example", "https://xn--bcher-kva.example", true],
  ["https://xn--bcher-kva.example", "https://xn--bcher-kva.example", true],
  ["http://[::1]:3000", "http://[::1]:3000", true],
  ["capacitor://localhost", "capacitor://localhost", true],
  ["capacitor://localhost", "Capacitor://LOCALHOST", true],
  ["capacitor://localhost", "ionic://localhost", false],
  ["capacitor://localhost", "capacitor://localhost:80", false],
  ["chrome-extension://abcdefgh", "chrome-extension://abcdefgh", true],
  ["chrome-extension://abcdefgh", "chrome-extension://other", false],
  ["file://", "file://", true],
  ["https://*.example.com", "https://a.example.com", true],
  ["https://*.example.com", "https://a.b.example.com", true],
  ["https://*.example.com", "https://A.Example.COM:443", true],
  ["https://*.example.com", "https://example.com", false],
  ["https://*.example.com", "https://.example.com", false],
  ["https://*.example.com", "https://evilexample.com", false],
  ["https://*.example.com", "https://a.example.com.evil.com", false],
  ["https://*.example.com", "http://a.example.com", false],
  ["https://*.example.com", "https://a.example.com:8443", false],
  ["https://*.example.com:8443", "https://a.example.com:8443", true],
  ["https://*.bücher.example", "https://a.xn--bcher-kva.example", true],
])("where %s is listed, %s may connect: %s", (listed, origin, allowed) => {
  expect(new Origins([listed]).allows(from(origin, "server.test"))).toBe(allowed);
});

test.each([
  "null",
  "",
  " ",
  "https://",
  "https:app.example",
  "app.example",
  "//app.example",
  "https://app.example/",
  "https://app.example https://app.example",
  "https://app.example, https://app.example",
  "https://user@app.example",
  "https://app.example:99999",
  "https://app.example:",
  "https://app%2eexample",
  "https://app.example\\",
  "https://bücher.example",
  "https://*.app.example",
])("the Origin %j is no page's, and not allowed but by *", (origin) => {
  const listed = ["https://app.example", "https://*.app.example", "https://bücher.example"];
  expect(new Origins(listed).allows(from(origin))).toBe(false);
  expect(new Origins(["*"]).allows(from(origin))).toBe(true);
});

test("it is known whether a list was given, and whether it says any", () => {
  expect(new Origins(undefined)).toMatchObject({ isGiven: false, allowsAny: false });
  expect(new Origins([])).toMatchObject({ isGiven: true, allowsAny: false });
  expect(new Origins(["https://app.example", "*"])).toMatchObject({ isGiven: true, allowsAny: true });
});

test.each([
  ["https://app.example/", "Write https://app.example, without a path."],
  ["https://app.example/chat?x=1", "Write https://app.example, without a path."],
  ["https://*.app.example/chat", "Write https://*.app.example, without a path."],
  ["https://ana@app.example", "Write https://app.example, without a user."],
  ["app.example", "Write https://app.example, with its scheme."],
  ["localhost:3000", "Write https://localhost:3000, with its scheme."],
  ["*.app.example", "Write https://*.app.example, with its scheme."],
  ["wss://app.example", "Write https://app.example: it is the page's origin, not the socket's."],
  ["ws://localhost:3000/ws", "Write http://localhost:3000: it is the page's origin, not the socket's."],
  ["null", "Leave it out: any page in a sandboxed frame has the origin null."],
  ["https://*", "Write https://*.example.com for all its subdomains, or * for any origin."],
  ["https://a.*.example", "Write https://*.example.com for all its subdomains, or * for any origin."],
  ["https://app*.example", "Write https://*.example.com for all its subdomains, or * for any origin."],
  ["chrome-extension://*", "Write https://*.example.com for all its subdomains, or * for any origin."],
  ["capacitor://*.localhost", "Write https://*.example.com for all its subdomains, or * for any origin."],
  ["", "Write its scheme, host and port, such as https://app.example."],
  ["capacitor://", "Write its scheme, host and port, such as https://app.example."],
  ["https://", "Write its scheme, host and port, such as https://app.example."],
  ["https://app.example:99999", "Write its scheme, host and port, such as https://app.example."],
])("%j in the list is refused at start-up: %s", (text, fix) => {
  let thrown: unknown;
  try {
    new Origins([text]);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigError);
  expect(thrown).toMatchObject({ code: "invalid_origin", fix });
});

test("what a fix says to write is an origin", () => {
  for (const text of [
    "https://app.example",
    "https://*.app.example",
    "https://localhost:3000",
    "https://*.example.com",
  ]) {
    expect(() => new Origins([text])).not.toThrow();
  }
});
