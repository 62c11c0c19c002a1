import { expect, test } from "vitest";
import { encodeBinaryFrame, encodeTextFrame } from "../../src/delivery/frame.js";
import { connect, type OpenDriver, othersTalk } from "./transport.js";

export function describePressure(open: OpenDriver): void {
  test("nothing arrives while it is paused, and all of it in order when it resumes", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.pause();
    for (const text of ["one", "two", "three"]) peer.send(text);
    await othersTalk(driver);
    expect(heard.calls).toEqual([]);
    socket.resume();
    for (const text of ["one", "two", "three"]) expect(await heard.next()).toEqual(["text", text]);
  });

  test("a pause in the middle lets pass no more than one read held", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    peer.send("first");
    await heard.next();
    socket.pause();
    await othersTalk(driver);
    peer.send("second");
    await othersTalk(driver);
    expect(heard.calls).toHaveLength(1);
    socket.resume();
    expect(await heard.next()).toEqual(["text", "second"]);
  });

  test("pausing twice is pausing once, and resuming what was not paused does nothing", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.resume();
    socket.pause();
    socket.pause();
    socket.resume();
    peer.send("hi");
    expect(await heard.next()).toEqual(["text", "hi"]);
  });

  test("a paused socket still writes", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    socket.pause();
    socket.write(encodeTextFrame("hi"));
    expect(await peer.next()).toBe("hi");
  });

  test("what a peer sent before its close is heard before it, also after a pause", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    socket.pause();
    peer.send("last words");
    peer.close(4000, "bye");
    await othersTalk(driver);
    expect(heard.calls).toEqual([]);
    socket.resume();
    expect(await heard.whenClosed()).toEqual([
      ["text", "last words"],
      ["closing", 4000, "bye"],
      ["closed", 4000, "bye"],
    ]);
  });

  test("what a peer does not read counts as buffered, until it reads", async () => {
    await using driver = await open();
    const { socket, heard, peer } = await connect(driver);
    expect(socket.bufferedBytes).toBe(0);
    peer.stopReading();
    const frame = encodeBinaryFrame(Buffer.alloc(1 << 20));
    let written = 0;
    // The network takes some of it before it takes no more.
    while (socket.bufferedBytes < 4 * frame.length && written < 500) {
      socket.write(frame);
      written += 1;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(socket.bufferedBytes).toBeGreaterThanOrEqual(4 * frame.length);
    const before = socket.bufferedBytes;
    socket.write(frame);
    expect(socket.bufferedBytes).toBe(before + frame.length);

    peer.startReading();
    for (let number = 0; number <= written; number += 1) expect(await peer.next()).toHaveLength(1 << 20);
    peer.send("done");
    await heard.next();
    expect(socket.bufferedBytes).toBe(0);
  });
}
