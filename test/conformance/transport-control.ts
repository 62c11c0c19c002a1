import { describe, expect, test } from "vitest";
import { encodePingFrame, encodePongFrame, encodeTextFrame } from "../../src/delivery/frame.js";
import { connect, type OpenDriver, othersTalk } from "./transport.js";

export function describeControlFrames(open: OpenDriver): void {
  describe("a ping of the peer", () => describePing(open));
  describe("a ping of ours", () => describeOurPing(open));
  describe("the end of pings and pongs", () => describeEndOfControl(open));
}

function describePing(open: OpenDriver): void {
  test.each([
    ["no data", ""],
    ["text", "are you there? — 太"],
    ["as much as it may have", "x".repeat(125)],
  ])("reaches the listener with its data: %s", async (_, data) => {
    await using driver = await open();
    const { heard, peer } = await connect(driver);
    peer.ping(Buffer.from(data));
    expect(await heard.next()).toEqual(["ping", data]);
  });

  test("is not answered by the transport", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    for (const data of ["one", "two"]) peer.ping(Buffer.from(data));
    for (const _ of ["one", "two"]) await heard.next();
    await othersTalk(driver);
    socket.write(encodeTextFrame("after"));
    expect(await peer.until("message after")).toEqual(["message after"]);
  });

  test("is answered by a pong that is written, which the peer gets with its data", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    for (const data of ["", "太", "x".repeat(125)]) {
      socket.write(encodePongFrame(Buffer.from(data)));
      await peer.until(`pong ${data}`);
    }
    expect(peer.order).toHaveLength(3);
  });

  test("has its place among the messages around it", async () => {
    await using driver = await open();
    const { heard, peer } = await connect(driver);
    peer.send("one");
    peer.ping(Buffer.from("two"));
    peer.send(Buffer.from("three"));
    peer.ping(Buffer.from("four"));
    peer.send("five");
    for (const expected of [
      ["text", "one"],
      ["ping", "two"],
      ["binary", expect.anything()],
      ["ping", "four"],
      ["text", "five"],
    ]) {
      expect(await heard.next()).toEqual(expected);
    }
  });

  test("waits, while the socket is paused, as messages do", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.pause();
    peer.ping(Buffer.from("one"));
    peer.send("two");
    await othersTalk(driver);
    expect(heard.calls).toEqual([]);
    socket.resume();
    expect(await heard.next()).toEqual(["ping", "one"]);
    expect(await heard.next()).toEqual(["text", "two"]);
  });

  test("carries a copy: what the peer does with its data later changes nothing", async () => {
    await using driver = await open();
    const { heard, peer } = await connect(driver);
    const data = Buffer.from("mine");
    peer.ping(data);
    data.fill("x");
    expect(await heard.next()).toEqual(["ping", "mine"]);
  });
}

function describeOurPing(open: OpenDriver): void {
  test("is answered by the peer, which reaches the listener as a pong, once each", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.write(encodePingFrame());
    expect(await heard.next()).toEqual(["pong"]);
    socket.write(encodePingFrame());
    expect(await heard.next()).toEqual(["pong"]);
    await othersTalk(driver);
    expect(heard.calls).toHaveLength(2);
    expect(peer.unread).toEqual([]);
  });

  test("is answered in its place: after what the peer sent before, and before what it sends when it has heard what follows", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    peer.send("before");
    await heard.next();
    socket.write(Buffer.concat([encodePingFrame(), encodeTextFrame("after the ping")]));
    await peer.next();
    peer.send("heard it");
    expect(await heard.next()).toEqual(["pong"]);
    expect(await heard.next()).toEqual(["text", "heard it"]);
  });

  test("is not answered by a peer that does not read, until it reads", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    peer.stopReading();
    socket.write(encodePingFrame());
    await othersTalk(driver);
    expect(heard.calls).toEqual([]);
    peer.startReading();
    expect(await heard.next()).toEqual(["pong"]);
  });

  test("and a pong have their place among the messages that are written around them", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    const expected: string[] = [];
    // The client of `ws` hangs up on more than 60 pings that it could not answer yet.
    for (let number = 0; number < 50; number += 1) {
      const pong = encodePongFrame(Buffer.from(String(number)));
      if (number % 3 === 0) socket.write(Buffer.concat([encodeTextFrame(`${number}`), encodePingFrame(), pong]));
      else for (const frame of [encodePingFrame(), encodeTextFrame(`${number}`), pong]) socket.write(frame);
      expected.push(`message ${number}`, `pong ${number}`);
    }
    expect(await peer.until("pong 49")).toEqual(expected);
  });
}

function describeEndOfControl(open: OpenDriver): void {
  test("is our close: what arrives after it is not heard, and what we write after it is not sent", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    peer.ping(Buffer.from("on its way"));
    socket.write(encodePongFrame(Buffer.from("before")));
    socket.write(encodePingFrame());
    socket.close(4000, "bye");
    socket.write(encodePongFrame(Buffer.from("late")));
    socket.write(encodePingFrame());
    peer.ping(Buffer.from("late"));
    expect(await heard.whenClosed()).toEqual([["closed", 4000, "bye"]]);
    await peer.closed;
    expect(peer.order).toEqual(["pong before"]);
  });

  test("is the peer's close: a pong that is written within `closing` still goes out, and nothing after", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    heard.onClosing = () => {
      socket.write(encodePongFrame(Buffer.from("last")));
      queueMicrotask(() => socket.write(encodePongFrame(Buffer.from("late"))));
    };
    peer.ping(Buffer.from("before"));
    peer.close(4000, "done");
    await peer.closed;
    await heard.whenClosed();
    await othersTalk(driver);
    expect(heard.calls).toEqual([
      ["ping", "before"],
      ["closing", 4000, "done"],
      ["closed", 4000, "done"],
    ]);
    expect(peer.order).toEqual(["pong last"]);
  });

  test("is a termination: nothing of it is heard or sent", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.terminate();
    socket.write(encodePingFrame());
    peer.ping(Buffer.from("late"));
    await peer.closed;
    await othersTalk(driver);
    expect(heard.calls).toEqual([["closed", 1006, ""]]);
    expect(peer.order).toEqual([]);
  });
}
