import { describe, expect, test } from "vitest";
import { encodeBinaryFrame, encodeTextFrame } from "../../src/delivery/frame.js";
import { connect, type OpenDriver } from "./transport.js";

const texts = [
  ["nothing", ""],
  ["125 bytes", "x".repeat(125)],
  ["126 bytes", "x".repeat(126)],
  ["65,535 bytes", "x".repeat(65_535)],
  ["65,536 bytes", "x".repeat(65_536)],
  ["characters of one to four bytes", "aé€🎉\u0000\u{10ffff}".repeat(30)],
  ["a BOM", "\ufeff{}"],
] as const;

const sizes = [0, 1, 125, 126, 65_535, 65_536];

export function describeMessages(open: OpenDriver): void {
  describe("a message", () => {
    test.each(texts)("of text arrives as it was sent, both ways: %s", async (_, text) => {
      await using driver = await open();
      const { socket, heard, peer } = await connect(driver);
      peer.send(text);
      expect(await heard.next()).toEqual(["text", text]);
      socket.write(encodeTextFrame(text));
      expect(await peer.next()).toBe(text);
    });

    test.each(sizes)("of %i bytes arrives as it was sent, both ways", async (size) => {
      await using driver = await open();
      const { socket, heard, peer } = await connect(driver);
      const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
      peer.send(bytes);
      const [name, arrived] = await heard.next();
      expect(name).toBe("binary");
      expect(Buffer.from(arrived as Uint8Array).equals(bytes)).toBe(true);
      socket.write(encodeBinaryFrame(bytes));
      expect(Buffer.from((await peer.next()) as Buffer).equals(bytes)).toBe(true);
    });

    test("of text is what UTF-8 can carry: half a surrogate pair arrives as U+FFFD", async () => {
      await using driver = await open();
      const { heard, peer } = await connect(driver);
      peer.send("a\ud800b");
      expect(await heard.next()).toEqual(["text", "a\ufffdb"]);
    });

    test("of bytes belongs to the listener: what the sender does with its own later changes nothing", async () => {
      await using driver = await open();
      const { heard, peer } = await connect(driver);
      const bytes = Uint8Array.of(1, 2, 3);
      peer.send(bytes);
      bytes.fill(9);
      const [, first] = await heard.next();
      expect([...(first as Uint8Array)]).toEqual([1, 2, 3]);
      (first as Uint8Array).fill(7);
      expect([...bytes]).toEqual([9, 9, 9]);
    });
  });

  test("1,000 writes arrive in the order of the calls", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    const numbers = Array.from({ length: 1_000 }, (_, index) => String(index));
    for (const number of numbers) socket.write(encodeTextFrame(number));
    const arrived: unknown[] = [];
    for (const _ of numbers) arrived.push(await peer.next());
    expect(arrived).toEqual(numbers);
  });

  test("1,000 messages of a peer are heard in the order they were sent, text and binary mixed", async () => {
    await using driver = await open();
    const { heard, peer } = await connect(driver);
    for (let number = 0; number < 1_000; number += 1) {
      peer.send(number % 2 === 0 ? String(number) : Buffer.from(String(number)));
    }
    const arrived: string[] = [];
    for (let number = 0; number < 1_000; number += 1) {
      const [name, message] = await heard.next();
      arrived.push(`${name} ${name === "binary" ? Buffer.from(message) : message}`);
    }
    expect(arrived).toEqual(
      Array.from({ length: 1_000 }, (_, number) => `${number % 2 === 0 ? "text" : "binary"} ${number}`),
    );
  });

  test("one write may hold several frames", async () => {
    await using driver = await open();
    const { socket, peer } = await connect(driver);
    const long = "y".repeat(70_000);
    socket.write(
      Buffer.concat([
        encodeTextFrame("one"),
        encodeBinaryFrame(Uint8Array.of(2)),
        encodeTextFrame(""),
        encodeTextFrame(long),
        encodeTextFrame("five"),
      ]),
    );
    expect(await peer.next()).toBe("one");
    expect([...Buffer.from((await peer.next()) as Buffer)]).toEqual([2]);
    expect(await peer.next()).toBe("");
    expect(await peer.next()).toBe(long);
    expect(await peer.next()).toBe("five");
  });

  test("one frame may be written to many", async () => {
    await using driver = await open();
    const ends = [await connect(driver), await connect(driver), await connect(driver)];
    const frame = encodeTextFrame("for everyone");
    for (const { socket } of ends) socket.write(frame);
    for (const { peer } of ends) expect(await peer.next()).toBe("for everyone");
    expect(frame).toEqual(encodeTextFrame("for everyone"));
  });
}
