import { expect, test } from "vitest";
import { isThisComputer } from "./this-computer.js";

const ask = (address: string, host: string | undefined, ...headers: string[]) =>
  isThisComputer({
    target: "/docs",
    address,
    isSecure: false,
    rawHeaders: [...(host === undefined ? [] : ["Host", host]), "Accept", "*/*", ...headers],
  });

test.each([
  ["127.0.0.1", "localhost:8000"],
  ["127.0.0.1", "localhost"],
  ["127.0.0.1", "LOCALHOST:8000"],
  ["127.0.0.1", "127.0.0.1:8000"],
  ["127.9.9.9", "127.9.9.9"],
  ["::ffff:127.0.0.1", "localhost:8000"],
  ["::1", "[::1]:8000"],
  ["::1", "localhost"],
])("from %s at %s: this computer", (address, host) => {
  expect(ask(address, host)).toBe(true);
});

test.each([
  ["192.168.1.5", "localhost:8000"],
  ["10.0.0.1", "127.0.0.1"],
  ["::ffff:10.0.0.1", "localhost"],
  ["fe80::1%lo", "localhost"],
  ["", "localhost"],
  ["::2", "localhost"],
  ["127.0.0.1.evil.example", "localhost"],
])("from %s: another computer", (address, host) => {
  expect(ask(address, host)).toBe(false);
});

test.each([
  "evil.example",
  "evil.example:8000",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "127.evil.example",
  "127.0.0.1@evil.example",
  "evil.example#localhost",
  "[::1].evil.example",
  "[::2]:8000",
  "[::ffff:10.0.0.1]",
  "0.0.0.0:8000",
  "192.168.1.5:8000",
  "localhost:8000:80",
  "localhost:",
  "localhost, localhost",
  "127.0.0.1%evil.example",
  " localhost",
  "",
])("a name that may lead here from elsewhere is not this computer's: %j", (host) => {
  expect(ask("127.0.0.1", host)).toBe(false);
});

test("nor is no name, nor two", () => {
  expect(ask("127.0.0.1", undefined)).toBe(false);
  expect(ask("127.0.0.1", "localhost", "host", "evil.example")).toBe(false);
  expect(ask("127.0.0.1", "evil.example", "HOST", "localhost")).toBe(false);
});

test.each([
  "X-Forwarded-For",
  "x-forwarded-host",
  "X-Forwarded-Proto",
  "X-Forwarded-Anything",
  "Forwarded",
  "Via",
  "X-Real-IP",
  "CF-Connecting-IP",
])("what a proxy on this computer passes on is not this computer's: %s", (name) => {
  expect(ask("127.0.0.1", "localhost:8000", name, "")).toBe(false);
});

test("a value that looks like such a header is none", () => {
  expect(ask("127.0.0.1", "localhost", "x-note", "via")).toBe(true);
});
