import { expect, test, vi } from "vitest";
import { ConfigError } from "../base/config-error.js";
import type { Upgrade } from "../transport/transport.js";
import { TrustedProxies } from "./proxies.js";

function upgradeFrom(address: string, sent: Record<string, string> = {}, isSecure = false) {
  return {
    method: "GET",
    httpVersion: "1.1",
    target: "/ws?x=1",
    header: (name: string) => sent[name],
    rawHeaders: Object.entries(sent).flat(),
    address,
    isSecure,
    isGone: false,
    accept: vi.fn<Upgrade["accept"]>(),
    refuse: vi.fn<Upgrade["refuse"]>(),
  };
}

const proxies = new TrustedProxies(["loopback", "private"]);
const addressSeen = (peer: string, chain: string, trusted = proxies) =>
  trusted.see(upgradeFrom(peer, { "x-forwarded-for": chain })).address;

test("nothing is believed of a peer that is not trusted", () => {
  const upgrade = upgradeFrom("203.0.113.9", {
    "x-forwarded-for": "198.51.100.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
  });
  expect(proxies.see(upgrade)).toBe(upgrade);
  expect(new TrustedProxies([]).see(upgrade)).toBe(upgrade);
});

test("a trusted peer that says nothing usable changes nothing", () => {
  const said = { "x-forwarded-for": "unknown", "x-forwarded-proto": "gopher", "x-forwarded-host": "a b" };
  for (const upgrade of [upgradeFrom("10.0.0.1"), upgradeFrom("10.0.0.1", said), upgradeFrom("")]) {
    expect(proxies.see(upgrade)).toBe(upgrade);
  }
});

test.each([
  // peer, X-Forwarded-For, the client
  ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"],
  ["10.0.0.1", "198.51.100.1,10.0.0.2 ,\t10.0.0.3", "198.51.100.1"],
  ["10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"],
  ["10.0.0.1", "127.0.0.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"],
  ["10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ["::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["::FFFF:a00:1", "198.51.100.1", "198.51.100.1"],
  ["10.0.0.1", "198.51.100.1, ::ffff:10.0.0.2", "198.51.100.1"],
  ["10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"],
  ["10.0.0.1", "198.51.100.1:567", "198.51.100.1"],
  ["10.0.0.1", "198.51.100.1, 10.0.0.2:567", "198.51.100.1"],
  ["::1", "[2001:db8::7]:567", "2001:db8::7"],
  ["::1", "[2001:db8::7]", "2001:db8::7"],
  ["::1", "2001:DB8:0:0::7", "2001:db8::7"],
  ["fd00::1", "2001:db8::7, fd00::2", "2001:db8::7"],
  ["10.0.0.1", "2001:db8::7%eth0", "2001:db8::7"],
  ["10.0.0.1", "2001:db8::7%a:b", "2001:db8::7"],
  ["10.0.0.1", "2001:db8::7%a%b", "10.0.0.1"],
  ["127.1.2.3", "198.51.100.1", "198.51.100.1"],
  ["172.16.0.1", "198.51.100.1, 172.31.255.255, 192.168.1.1", "198.51.100.1"],
])("from %s, with %s, the client is %s", (peer, chain, client) => {
  expect(addressSeen(peer, chain)).toBe(client);
});

test.each([
  ["198.51.100.1, unknown", "10.0.0.1"],
  ["198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, , 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, _hidden, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, 10.0.0.256, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, 010.0.0.3, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, 10.0.0.3:port, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, [10.0.0.3]:567, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, [::1, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, 10.0.0.0/8, 10.0.0.2", "10.0.0.2"],
  ['198.51.100.1, for="10.0.0.3", 10.0.0.2', "10.0.0.2"],
  ["", "10.0.0.1"],
  [",", "10.0.0.1"],
])("with %j the walk ends at the last good hop, %s", (chain, client) => {
  expect(addressSeen("10.0.0.1", chain)).toBe(client);
});

test("of a long chain 50 hops are looked at, from the right", () => {
  const hops = (count: number) => Array.from({ length: count }, (_, index) => `10.0.1.${index}`).join(", ");
  expect(addressSeen("10.0.0.1", `198.51.100.1, ${hops(49)}`)).toBe("198.51.100.1");
  expect(addressSeen("10.0.0.1", `198.51.100.1, ${hops(50)}`)).toBe("10.0.1.0");
});

test("of a long header 8 KiB are looked at, and no address that was cut", () => {
  const cutAt = (kept: string) => `198.51.10${kept}${" ".repeat(8192 - kept.length - ", 10.0.0.2".length)}, 10.0.0.2`;
  expect(addressSeen("10.0.0.1", cutAt("0.1"))).toBe("10.0.0.2");
  expect(addressSeen("10.0.0.1", cutAt("1.2.3.4"))).toBe("10.0.0.2");
  expect(addressSeen("10.0.0.1", `1.1.1.1, 198.51.100.1${" ".repeat(8192)}, 10.0.0.2`)).toBe("10.0.0.2");
  expect(addressSeen("10.0.0.1", `${"x".repeat(100_000)}, 198.51.100.1`)).toBe("198.51.100.1");
});

test.each([
  ["https", false, true],
  ["HTTPS", false, true],
  ["wss", false, true],
  ["http", true, false],
  ["ws", true, false],
  ["http, https", false, true],
  ["https, http", true, false],
  ["https,", false, false],
  ["ftp", true, true],
])("X-Forwarded-Proto %s turns TLS from %s to %s", (proto, before, after) => {
  expect(proxies.see(upgradeFrom("10.0.0.1", { "x-forwarded-proto": proto }, before)).isSecure).toBe(after);
});

test.each([
  ["app.example", "app.example"],
  ["evil.example, app.example:8443", "app.example:8443"],
  ["[::1]:8000", "[::1]:8000"],
  ["app.example/path", "inside:8000"],
  ["user@app.example", "inside:8000"],
  ["app.example:99999", "inside:8000"],
  ["app example", "inside:8000"],
  [`${"a".repeat(300)}`, "inside:8000"],
  ["", "inside:8000"],
])("with X-Forwarded-Host %s the host is %s", (forwarded, host) => {
  const sent = { host: "inside:8000", "x-forwarded-host": forwarded, "user-agent": "ana" };
  const upgrade = upgradeFrom("10.0.0.1", sent);
  const seen = proxies.see(upgrade);
  expect(seen.header("host")).toBe(host);
  expect(seen.rawHeaders).toEqual(["host", host, "x-forwarded-host", forwarded, "user-agent", "ana"]);
  expect(seen.header("user-agent")).toBe("ana");
  expect(upgrade.rawHeaders).toContain("inside:8000");
});

test("one thing said leaves the others as they are", () => {
  const seen = proxies.see(upgradeFrom("10.0.0.1", { host: "inside", "x-forwarded-proto": "https" }));
  expect(seen).toMatchObject({ address: "10.0.0.1", isSecure: true });
  expect(seen.header("host")).toBe("inside");
  expect(seen.rawHeaders).toEqual(["host", "inside", "x-forwarded-proto", "https"]);
});

test("everything else is the upgrade's own", () => {
  const upgrade = upgradeFrom("10.0.0.1", { "x-forwarded-for": "198.51.100.1" });
  const seen = proxies.see(upgrade);
  expect(seen).toMatchObject({ method: "GET", target: "/ws?x=1", isGone: false });
  upgrade.isGone = true;
  expect(seen.isGone).toBe(true);

  const options = { subprotocol: undefined, compression: false, messageSize: 1, fragments: 1, closeMs: 1 };
  const listen = vi.fn();
  seen.accept(options, listen);
  expect(upgrade.accept).toHaveBeenCalledExactlyOnceWith(options, listen);
  const response = { status: 404, headers: {}, body: "" };
  seen.refuse(response);
  expect(upgrade.refuse).toHaveBeenCalledExactlyOnceWith(response);
});

test.each([
  ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
  ["192.0.2.0/24", "192.0.2.255", "192.0.3.0"],
  ["192.0.2.9/24", "192.0.2.1", "192.0.3.0"],
  ["0.0.0.0/0", "203.0.113.1", "2001:db8::1"],
  ["::/0", "2001:db8::1", "203.0.113.1"],
  ["::1", "0:0::1", "::2"],
  ["fd00::/8", "fdff::1", "fe00::1"],
  ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"],
  ["::ffff:192.0.2.0/120", "192.0.2.77", "192.0.3.1"],
  ["fe80::/10", "fe80::1%eth0", "fec0::1"],
])("%s trusts %s and not %s", (trusted, inside, outside) => {
  const one = new TrustedProxies([trusted]);
  expect(one.isEmpty).toBe(false);
  expect(addressSeen(inside, "198.51.100.1", one)).toBe("198.51.100.1");
  expect(addressSeen(outside, "198.51.100.1", one)).toBe(outside);
});

test.each([
  "",
  "localhost",
  "constructor",
  "10.0.0",
  "010.0.0.1",
  "10.0.0.1:80",
  "[::1]",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/",
  "10.0.0.0/255.0.0.0",
  "fd00::/129",
  "::ffff:10.0.0.0/8",
  "/8",
  "*",
])("%j is no proxy, and refused at start-up", (text) => {
  expect(() => new TrustedProxies([text])).toThrow(ConfigError);
  expect(() => new TrustedProxies(["10.0.0.1", text])).toThrow(expect.objectContaining({ code: "invalid_proxy" }));
});

test("without a trusted proxy it is empty", () => {
  expect(new TrustedProxies([]).isEmpty).toBe(true);
});
