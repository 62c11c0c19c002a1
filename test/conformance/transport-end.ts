import { describe, expect, test } from "vitest";
import { encodeTextFrame } from "../../src/delivery/frame.js";
import { connect, type OpenDriver, othersTalk } from "./transport.js";

export function describeEnd(open: OpenDriver): void {
  describe("closing it", () => describeClose(open));
  describe("the peer's end", () => describePeersEnd(open));

  test("terminating ends it at once: the peer is told 1006, the listener `closed` alone", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.terminate();
    peer.send("late");
    socket.write(encodeTextFrame("late"));
    expect(await peer.closed).toEqual({ code: 1006, reason: "" });
    expect(peer.unread).toEqual([]);
    await othersTalk(driver);
    expect(heard.calls).toEqual([["closed", 1006, ""]]);
  });

  test("a closing socket can be terminated", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    peer.stopReading();
    socket.close(4000, "bye");
    socket.terminate();
    expect((await heard.whenClosed()).map(([name]) => name)).toEqual(["closed"]);
  });

  test("nothing that is asked of a closed socket does anything", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    peer.close(4000);
    await heard.whenClosed();
    socket.write(encodeTextFrame("late"));
    socket.pause();
    socket.resume();
    socket.close(4001, "late");
    socket.terminate();
    await othersTalk(driver);
    expect(heard.calls).toHaveLength(2);
    expect(await peer.closed).toEqual({ code: 4000, reason: "" });
  });
}

function describeClose(open: OpenDriver): void {
  test("sends the close frame behind what was written, and nothing after it", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.write(encodeTextFrame("one"));
    socket.write(encodeTextFrame("two"));
    socket.close(4001, "bye");
    socket.write(encodeTextFrame("late"));
    expect(await peer.closed).toEqual({ code: 4001, reason: "bye" });
    expect(peer.unread).toEqual(["one", "two"]);
    expect(await heard.whenClosed()).toEqual([["closed", 4001, "bye"]]);
  });

  test("counts the first time", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    socket.close(4001, "first");
    socket.close(4002, "second");
    expect(await peer.closed).toEqual({ code: 4001, reason: "first" });
  });

  test("drops what arrives after it", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.close(1000, "");
    peer.send("late");
    peer.send(Uint8Array.of(1));
    expect(await heard.whenClosed()).toEqual([["closed", 1000, ""]]);
  });

  test("ends a paused socket too", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.pause();
    peer.send("unheard");
    socket.close(4001, "bye");
    expect(await heard.whenClosed()).toEqual([["closed", 4001, "bye"]]);
  });

  test("ends a socket whose peer closes at the same time", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.close(4001, "server");
    peer.close(4002, "peer");
    expect((await heard.whenClosed()).map(([name]) => name)).toEqual(["closed"]);
    await peer.closed;
  });

  test.each([
    ["cut to 123 bytes", "x".repeat(200), "x".repeat(123)],
    ["cut between two characters", `${"x".repeat(121)}€`, "x".repeat(121)],
    ["left alone where it fits", "x".repeat(123), "x".repeat(123)],
  ])("tells a reason %s", async (_, reason, told) => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    socket.close(4001, reason);
    expect(await peer.closed).toEqual({ code: 4001, reason: told });
  });
}

function describePeersEnd(open: OpenDriver): void {
  test("is `closing`, then `closed`, once each and last", async () => {
    await using driver = await open();
    const { heard, peer } = await connect(driver);
    peer.send("before");
    peer.close(4000, "done");
    expect(await peer.closed).toEqual({ code: 4000, reason: "done" });
    await othersTalk(driver);
    expect(heard.calls).toEqual([
      ["text", "before"],
      ["closing", 4000, "done"],
      ["closed", 4000, "done"],
    ]);
  });

  test("lets what is written within `closing` go out before the answering close frame, and nothing after", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.write(encodeTextFrame("before"));
    heard.onClosing = () => {
      socket.write(encodeTextFrame("last"));
      socket.write(encodeTextFrame("words"));
      queueMicrotask(() => socket.write(encodeTextFrame("too late")));
    };
    peer.close(4000, "done");
    expect(await peer.closed).toEqual({ code: 4000, reason: "done" });
    expect(peer.unread).toEqual(["before", "last", "words"]);
  });

  test("without a code is 1005", async () => {
    await using driver = await open();
    const { heard, peer } = await connect(driver);
    peer.close();
    expect(await heard.whenClosed()).toEqual([
      ["closing", 1005, ""],
      ["closed", 1005, ""],
    ]);
    expect(await peer.closed).toEqual({ code: 1005, reason: "" });
  });

  test("without a close frame is `closed` with 1006 alone", async () => {
    await using driver = await open();
    const { heard, peer } = await connect(driver);
    peer.send("before");
    await heard.next();
    peer.vanish();
    await heard.whenClosed();
    await othersTalk(driver);
    expect(heard.calls).toEqual([
      ["text", "before"],
      ["closed", 1006, ""],
    ]);
    expect(await peer.closed).toEqual({ code: 1006, reason: "" });
  });

  test("begins with a message that is too big: 1009 `message_too_big`, here and there", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver, { messageSize: 100 });
    heard.onClosing = () => socket.write(encodeTextFrame("last words"));
    peer.send("x".repeat(100));
    peer.send("€".repeat(34));
    peer.send("after");
    expect(await peer.closed).toEqual({ code: 1009, reason: "message_too_big" });
    expect(peer.unread).toEqual(["last words"]);
    await heard.whenClosed();
    await othersTalk(driver);
    expect(heard.calls).toEqual([
      ["text", "x".repeat(100)],
      ["closing", 1009, "message_too_big"],
      ["closed", 1009, "message_too_big"],
    ]);
  });
}
