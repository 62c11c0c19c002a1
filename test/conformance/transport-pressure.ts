import { describe, expect, test } from "vitest";
import { encodeBinaryFrame, encodeTextFrame } from "../../src/delivery/frame.js";
import type { Socket } from "../../src/transport/transport.js";
import { type Connected, connect, type OpenDriver, othersTalk } from "./transport.js";

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
    const written = await writeUntilStuck(socket, mebibyte);
    expect(socket.bufferedBytes).toBeGreaterThanOrEqual(4 * mebibyte.length);
    const before = socket.bufferedBytes;
    socket.write(mebibyte);
    expect(socket.bufferedBytes).toBe(before + mebibyte.length);

    peer.startReading();
    for (let number = 0; number <= written; number += 1) expect(await peer.next()).toHaveLength(1 << 20);
    peer.send("done");
    await heard.next();
    expect(socket.bufferedBytes).toBe(0);
  });

  describe("what is to be done after the network has taken what was written", () => describeAfterTaken(open));
}

function describeAfterTaken(open: OpenDriver): void {
  test("is done soon where the peer reads, but not at once, also where nothing was written", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    for (const texts of [[], ["one"], ["two", "three"]]) {
      for (const text of texts) socket.write(encodeTextFrame(text));
      let isDone = false;
      const done = new Promise<void>((resolve) => {
        socket.afterTaken(() => {
          isDone = true;
          resolve();
        });
      });
      expect(isDone).toBe(false);
      await done;
      expect(socket.bufferedBytes).toBe(0);
      for (const text of texts) expect(await peer.next()).toBe(text);
    }
  });

  test("is done once each, in the order it was asked for", async () => {
    await using driver = await open();
    const { socket } = await connect(driver);
    const done: string[] = [];
    socket.afterTaken(() => done.push("first"));
    socket.write(encodeTextFrame("x".repeat(70_000)));
    socket.afterTaken(() => done.push("second"));
    await new Promise<void>((resolve) => socket.afterTaken(resolve));
    await othersTalk(driver);
    expect(done).toEqual(["first", "second"]);
  });

  test("waits for a peer that does not read", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    peer.stopReading();
    const written = await writeUntilStuck(socket, mebibyte);
    let isDone = false;
    const done = new Promise<void>((resolve) => {
      socket.afterTaken(() => {
        isDone = true;
        resolve();
      });
    });
    await othersTalk(driver);
    expect(isDone).toBe(false);

    peer.startReading();
    await done;
    expect(socket.bufferedBytes).toBe(0);
    for (let number = 0; number < written; number += 1) expect(await peer.next()).toHaveLength(1 << 20);
  });

  test.each([
    ["is terminated", ({ socket }: Connected) => socket.terminate()],
    ["is closed by the peer", ({ peer }: Connected) => peer.close(4000)],
    ["loses its peer", ({ peer }: Connected) => peer.vanish()],
    ["is closed, and the peer does not answer", ({ socket }: Connected) => socket.close(4000, "")],
  ])("is never done where the socket %s first", async (_, end) => {
    await using driver = await open();
    const connected = await connect(driver, { closeMs: 20 });
    const { socket, heard, peer } = connected;
    let isDone = false;
    peer.stopReading();
    // More than a network holds.
    for (let number = 0; number < 30; number += 1) socket.write(mebibyte);
    socket.afterTaken(() => {
      isDone = true;
    });
    await othersTalk(driver);
    end(connected);
    await heard.whenClosed();
    peer.startReading();
    await othersTalk(driver);
    expect(isDone).toBe(false);
  });

  test("is never done where it was asked for too late: of a closing or of a closed socket", async () => {
    await using driver = await open();
    const done: string[] = [];
    const ana = await connect(driver);
    ana.socket.close(4000, "");
    ana.socket.afterTaken(() => done.push("closing"));
    await ana.heard.whenClosed();
    ana.socket.afterTaken(() => done.push("closed"));
    const bob = await connect(driver);
    bob.socket.terminate();
    bob.socket.afterTaken(() => done.push("terminated"));
    await othersTalk(driver);
    expect(done).toEqual([]);
  });
}

const mebibyte = encodeBinaryFrame(Buffer.alloc(1 << 20));

/** How often it was written before the network took no more: it takes some. */
async function writeUntilStuck(socket: Socket, frame: Uint8Array): Promise<number> {
  let written = 0;
  while (socket.bufferedBytes < 4 * frame.length && written < 500) {
    socket.write(frame);
    written += 1;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return written;
}
