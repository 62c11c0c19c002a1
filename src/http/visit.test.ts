import { expect, test } from "vitest";
import type { Asked, Forwarded } from "./asked.js";
import { createVisit, isOwnPage, placeOf } from "./visit.js";

function asked(rawHeaders: readonly string[], given: Partial<Asked> = {}): Asked {
  return { target: "/docs?x=1", rawHeaders, address: "10.0.0.1", isSecure: false, ...given };
}

const forwarded: Forwarded = { address: "203.0.113.7", isSecure: true, host: "app.example" };

test("a guard sees all headers, cookies, the address and the URL", () => {
  const visit = createVisit(
    asked(["Host", "ops.example:8000", "Authorization", "Bearer t", "Cookie", "a=1; b=%32", "X-A", "1", "x-a", "2"]),
    undefined,
  );
  expect(visit.url.href).toBe("http://ops.example:8000/docs?x=1");
  expect(Object.fromEntries(visit.headers)).toMatchObject({ authorization: "Bearer t", "x-a": "1, 2" });
  expect({ ...visit.cookies }).toEqual({ a: "1", b: "2" });
  expect(visit.address).toBe("10.0.0.1");
});

test("behind a trusted proxy it sees the client, and how the client came", () => {
  const visit = createVisit(asked(["Host", "inner:8000"]), forwarded);
  expect([visit.url.href, visit.address]).toEqual(["https://app.example/docs?x=1", "203.0.113.7"]);
});

test("no cookie has a name that objects have", () => {
  const { cookies } = createVisit(asked(["Host", "localhost", "Cookie", "a=1"]), undefined);
  expect(cookies.toString).toBeUndefined();
});

test.each(["evil/../x", "a b", "user@host", "host:port", "[::1", "", "ho\u00e9st", "host:99999"])(
  "what is no host becomes no part of anything: %j",
  (host) => {
    expect(placeOf(asked(["Host", host]), undefined).host).toBeUndefined();
    expect(createVisit(asked(["Host", host]), undefined).url.href).toBe("http://localhost/docs?x=1");
  },
);

test.each([
  ["http://other.example/docs?y", "http://ops.example/docs?y"],
  ["//other.example/docs", "http://ops.example//other.example/docs"],
  ["*", "http://ops.example/*"],
  ["", "http://ops.example/"],
])("a target in another form stays on the host: %s", (target, href) => {
  expect(createVisit(asked(["Host", "ops.example"], { target }), undefined).url.href).toBe(href);
});

test("over HTTP/2 the host has another name, and is no header", () => {
  const visit = createVisit(asked([":method", "GET", ":authority", "ops.example", ":path", "/docs?x=1"]), undefined);
  expect(visit.url.host).toBe("ops.example");
  expect([...visit.headers]).toEqual([]);
});

test.each<[origin: string, host: string, given: Partial<Asked>, Forwarded | undefined]>([
  ["http://localhost:8000", "localhost:8000", {}, undefined],
  ["https://ops.example", "ops.example", { isSecure: true }, undefined],
  ["https://ops.example", "ops.example:443", { isSecure: true }, undefined],
  ["https://ops.example", "ops.example", {}, undefined], // a proxy that says nothing of TLS
  ["http://[::1]:8000", "[::1]:8000", {}, undefined],
  ["https://app.example", "inner:8000", {}, forwarded],
])("a page of this server: %s at %s", (origin, host, given, by) => {
  expect(isOwnPage(asked(["Host", host, "Origin", origin], given), by)).toBe(true);
});

test.each<[origin: string, host: string, given?: Partial<Asked>]>([
  ["https://evil.example", "localhost:8000"],
  ["http://localhost:3000", "localhost:8000"],
  ["http://localhost", "localhost:8000"],
  ["http://ops.example", "ops.example", { isSecure: true }],
  ["https://ops.example.evil.example", "ops.example"],
  ["https://evil.example/https://ops.example", "ops.example"],
  ["null", "localhost:8000"],
  ["", "localhost:8000"],
  ["file://", "localhost:8000"],
  ["https://ops.example https://evil.example", "ops.example"],
  ["https://x@ops.example", "ops.example"],
  ["https://ops.example", "not a host"],
])("a page of another one, or of none: %s at %s", (origin, host, given = {}) => {
  expect(isOwnPage(asked(["Host", host, "Origin", origin], given), undefined)).toBe(false);
});

test("two origins are no page's, and who names none is no browser", () => {
  const own = ["Host", "localhost", "Origin", "http://localhost"];
  expect(isOwnPage(asked([...own, "origin", "http://localhost"]), undefined)).toBe(false);
  expect(isOwnPage(asked(["Host", "localhost"]), undefined)).toBe(true);
});
