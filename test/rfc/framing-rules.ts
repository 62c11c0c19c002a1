import { expect, test } from "vitest";
import { closeFrame, codeBytes, fragments, frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { hex } from "./hex.js";
import { expectFailure, type Line, say } from "./line.js";
import { dial } from "./wire.js";

const { continuation, text, binary, close, ping, pong } = opcodes;

/** RFC 6455 §5.1–5.3. */
export function framingRules({ compression, asked }: Line): void {
  test("RFC 6455 §5.1: a client frame that is not masked fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    const unmasked = { key: undefined };
    await expectFailure(app.url, asked, [hex("81 05 48656c6c6f")], [1002]);
    for (const opcode of [text, binary, ping, pong]) {
      for (const payload of ["", "Hello"]) {
        await expectFailure(app.url, asked, [frame(opcode, payload, unmasked)], [1002]);
      }
    }
    await expectFailure(app.url, asked, [frame(close, codeBytes(1000), unmasked)], [1002]);
    await expectFailure(app.url, asked, fragments(text, ["Hel", "lo"], unmasked), [1002]);
    const secondUnmasked = [frame(text, "Hel", { fin: false }), frame(continuation, "lo", unmasked)];
    await expectFailure(app.url, asked, secondUnmasked, [1002]);
  });

  test("RFC 6455 §5.1: no frame of the server is masked, of whatever kind it is", async () => {
    await using app = await serveEcho({ compression, heartbeat: { every: "20ms" } });
    await using wire = await dial(app.url, asked);
    const seen = new Set<string>();
    wire.send(frame(text, "a"), frame(binary, "b"), frame(ping, "c"));
    while (seen.size < 4) seen.add((await wire.next()).kind);
    wire.send(closeFrame(1000));
    while (seen.size < 5) seen.add((await wire.next()).kind);
    expect([...seen].sort()).toEqual(["binary", "close", "ping", "pong", "text"]);
  });

  test("RFC 6455 §5.2: a reserved bit that nothing gives a meaning fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const rsv of [0b001, 0b010, 0b011, 0b100, 0b101, 0b110, 0b111]) {
      const isMeant = compression && rsv === 0b100;
      for (const opcode of isMeant ? [ping, pong] : [text, binary, ping, pong]) {
        await expectFailure(app.url, asked, [frame(opcode, "a", { rsv })], [1002]);
      }
      await expectFailure(app.url, asked, [frame(close, codeBytes(1000), { rsv })], [1002]);
      const onLast = [frame(text, "a", { fin: false }), frame(continuation, "b", { rsv })];
      await expectFailure(app.url, asked, onLast, [1002]);
    }
  });

  test("RFC 6455 §5.2: an opcode that nobody knows fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const opcode of [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf]) {
      await expectFailure(app.url, asked, [frame(opcode)], [1002]);
      await expectFailure(app.url, asked, [frame(opcode, "Hello")], [1002]);
      await expectFailure(app.url, asked, [frame(opcode, "Hello", { fin: false })], [1002]);
      await expectFailure(app.url, asked, [frame(text, "a", { fin: false }), frame(opcode, "b")], [1002]);
    }
  });

  test("RFC 6455 §5.2: each length is read, and written back in as few bytes as can be", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    for (const size of [0, 1, 124, 125, 126, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 65_537]) {
      for (const opcode of [text, binary]) {
        wire.send(frame(opcode, "x".repeat(size)));
        const { kind, payload } = await wire.next();
        expect([kind, payload.toString()]).toEqual([opcode === text ? "text" : "binary", "x".repeat(size)]);
      }
    }
  });

  test("RFC 6455 §5.2: a length in more bytes than it needs is taken for what it is, or fails the connection", async () => {
    await using app = await serveEcho({ compression });
    for (const lengthBits of [16, 64] as const) {
      for (const payload of ["", "a", "x".repeat(125), ...(lengthBits === 64 ? ["x".repeat(126)] : [])]) {
        await using wire = await dial(app.url, asked);
        wire.send(frame(text, payload, { lengthBits }));
        expect([`text ${payload}`, "close 1002 protocol_error"]).toContain(say(await wire.next()));
      }
    }
  });

  test("RFC 6455 §5.2: a length with its highest bit set fails the connection", async () => {
    await using app = await serveEcho({ compression });
    for (const length of [2n ** 63n, 2n ** 63n + 5n, 2n ** 64n - 1n]) {
      for (const opcode of [text, binary]) {
        await expectFailure(app.url, asked, [frame(opcode, "Hello", { lengthBits: 64, length })], [1002, 1009]);
      }
      await expectFailure(app.url, asked, [frame(ping, "Hello", { lengthBits: 64, length })], [1002]);
    }
  });

  test("RFC 6455 §5.2: a huge length is refused with 1009 when it is announced, before a byte of it came", async () => {
    await using app = await serveEcho({ compression });
    for (const length of [
      2n ** 20n + 1n,
      2n ** 31n,
      2n ** 32n,
      2n ** 32n + 1n,
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
    ]) {
      await using wire = await dial(app.url, asked);
      wire.send(frame(text, "", { lengthBits: 64, length }));
      expect(say(await wire.next())).toBe("close 1009 message_too_big");
      expect(await wire.ended()).toBe("end");
    }
  });

  test("RFC 6455 §5.3: each masking key is taken off, at every length", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    for (const key of [
      "00000000",
      "ffffffff",
      "37fa213d",
      "00000001",
      "80000000",
      "0000ff00",
      "7f7f7f7f",
      "81858985",
    ]) {
      for (let size = 0; size < 10; size++) {
        const payload = Buffer.from(Uint8Array.from({ length: size }, (_, at) => at * 37 + size));
        wire.send(frame(binary, payload, { key }), frame(ping, payload, { key }));
        const both = [await wire.next(), await wire.next()].map(({ payload }) => payload.toString("hex"));
        expect(both).toEqual([payload.toString("hex"), payload.toString("hex")]);
      }
    }
  });

  test("RFC 6455 §5.3: each fragment is unmasked by its own key, from the key's first byte", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(
      frame(text, "Hel", { fin: false, key: "37fa213d" }),
      frame(continuation, "lo, w", { fin: false, key: "a1b2c3d4" }),
      frame(ping, "between", { key: "ffffffff" }),
      frame(continuation, "", { fin: false, key: "01020304" }),
      frame(continuation, "orld", { key: "00000000" }),
    );
    expect([say(await wire.next()), say(await wire.next())]).toEqual(["pong between", "text Hello, world"]);
  });

  test("RFC 6455 §5.7: the RFC's own examples are understood", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(hex("0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58"));
    expect(say(await wire.next())).toBe("text Hello");
    wire.send(hex("0x89 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58"));
    expect(say(await wire.next())).toBe("pong Hello");
    wire.send(hex("0x8a 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58"));
    wire.send(hex("82 fe 0100 00000000"), Buffer.alloc(256, 7));
    expect((await wire.next()).payload.equals(Buffer.alloc(256, 7))).toBe(true);
    wire.send(hex("82 ff 0000000000010000 00000000"), Buffer.alloc(65_536, 7));
    expect((await wire.next()).payload.equals(Buffer.alloc(65_536, 7))).toBe(true);
  });
}
