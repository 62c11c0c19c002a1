import { Socket } from "node:net";
import { expect, test } from "vitest";
import { TrustedProxies } from "./proxies.js";
import { WaitingRoom } from "./waiting-room.js";

const proxies = new TrustedProxies(["10.0.0.1"]);
const isProxy = (address: string) => proxies.trusts(address);
const limits = { pending: 5, connectionsPerAddress: 2 };

function from(remoteAddress: string, remotePort: number): Socket {
  return Object.defineProperties(new Socket(), {
    remoteAddress: { value: remoteAddress, configurable: true },
    remotePort: { value: remotePort, configurable: true },
  });
}

test("one address can't take all places: others come in beside it", () => {
  const room = new WaitingRoom({ limits, isProxy });
  const silent = [1, 2, 3].map((port) => from("192.0.2.7", port));
  expect(silent.map((socket) => room.enter(socket))).toEqual([true, true, false]);
  expect(room.enter(from("192.0.2.8", 1))).toBe(true);
  expect(room.sockets).toHaveLength(3);
});

test.each([
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8::1", "2001:db8::2"],
])("%s and %s are one address", (one, other) => {
  const room = new WaitingRoom({ limits, isProxy });
  expect([room.enter(from(one, 1)), room.enter(from(other, 2)), room.enter(from(other, 3))]).toEqual([
    true,
    true,
    false,
  ]);
});

test.each(["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "::ffff:10.0.0.1"])(
  "of %s as many may wait as in all: this computer, or a proxy that is trusted",
  (address) => {
    const room = new WaitingRoom({ limits, isProxy });
    const all = [1, 2, 3, 4, 5, 6].map((port) => room.enter(from(address, port)));
    expect(all).toEqual([true, true, true, true, true, false]);
  },
);

test("who has asked, or has gone, makes room, once", () => {
  const room = new WaitingRoom({ limits, isProxy });
  const [first, second] = [from("192.0.2.7", 1), from("192.0.2.7", 2)];
  expect([room.enter(first), room.enter(second)]).toEqual([true, true]);
  room.leave(first);
  room.leave(first);
  expect([first.listenerCount("close"), room.sockets]).toEqual([0, [second]]);
  expect([room.enter(from("192.0.2.7", 3)), room.enter(from("192.0.2.7", 4))]).toEqual([true, false]);
});

test("who is closed makes room, also where its socket knows no more by then where it came from", () => {
  const room = new WaitingRoom({ limits, isProxy });
  const silent = from("192.0.2.7", 1);
  room.enter(silent);
  Object.defineProperties(silent, { remoteAddress: { value: undefined }, remotePort: { value: undefined } });
  silent.emit("close", false);
  expect(room.sockets).toEqual([]);
  expect([2, 3, 4].map((port) => room.enter(from("192.0.2.7", port)))).toEqual([true, true, false]);
});

test("who comes by a port that is known here has taken the other's place, and one without an address needs none", () => {
  const room = new WaitingRoom({ limits, isProxy });
  const [first, second] = [from("192.0.2.7", 1), from("192.0.2.7", 1)];
  expect([room.enter(first), room.enter(second), room.enter(new Socket())]).toEqual([true, true, true]);
  expect(room.sockets).toEqual([second]);
  first.emit("close", false);
  expect(room.sockets).toEqual([second]);
  room.leave(second);
  expect(room.sockets).toEqual([]);
  const others = [2, 3, 4].map((port) => room.enter(from("192.0.2.7", port)));
  expect(others).toEqual([true, true, false]);
});
