import { constants, deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { fragments, frame, opcodes } from "./client-frame.js";
import { deflated } from "./deflated-message.js";
import { serveEcho } from "./echo-app.js";
import { far32k } from "./far-text.js";
import { hex } from "./hex.js";
import { expectFailure, say } from "./line.js";
import { dial } from "./wire.js";

const { continuation, text, binary, close, ping, pong } = opcodes;
const rsv = 0b100;
const asked = { offer: "permessage-deflate" };

/** RFC 7692 §6 and §7.2.2: what a client sends deflated. */
export function inflatingRules(): void {
  test("RFC 7692 §7.2.3: the RFC's own examples are understood", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    for (const sent of [
      "f2 48 cd c9 c9 07 00", // one block, compressed
      "00 05 00 fa ff 48 65 6c 6c 6f 00", // one block, not compressed
      "f3 48 cd c9 c9 07 00 00", // BFINAL
      "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", // two blocks
    ]) {
      wire.send(frame(text, hex(sent), { rsv }));
      expect(say(await wire.next()), sent).toBe("text Hello");
    }
    wire.send(...fragments(text, [hex("f2 48 cd"), hex("c9 c9 07 00")], { rsv }));
    expect(say(await wire.next())).toBe("text Hello");
    wire.send(frame(text, hex("00"), { rsv }));
    expect(say(await wire.next())).toBe("text ");
  });

  test("RFC 7692 §6.2: a message is inflated where RSV1 says so, and taken as it is where not, one behind the other", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const plain = hex("f2 48 cd c9 c9 07 00");
    wire.send(frame(binary, plain), frame(binary, plain, { rsv }), frame(text, "Hello"), frame(binary, plain));
    const said = [await wire.next(), await wire.next(), await wire.next(), await wire.next()].map(say);
    expect(said).toEqual(["binary f248cdc9c90700", "binary 48656c6c6f", "text Hello", "binary f248cdc9c90700"]);
  });

  test("RFC 7692 §6.2: a deflated message may be cut anywhere, with control frames in between", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const bytes = deflated("Hello, wörld €, hello, wörld €");
    for (let at = 0; at <= bytes.length; at++) {
      const [first, second] = fragments(text, [bytes.subarray(0, at), bytes.subarray(at)], { rsv });
      if (!first || !second) throw new Error("two parts are two frames");
      wire.send(first, frame(ping, "between"), second);
      const said = [await wire.next(), await wire.next()].map(say).sort();
      expect(said).toEqual(["pong between", "text Hello, wörld €, hello, wörld €"]);
    }
    wire.send(
      ...fragments(
        text,
        [...bytes, 0].slice(0, -1).map((byte) => Buffer.of(byte)),
        { rsv },
      ),
    );
    expect(say(await wire.next())).toBe("text Hello, wörld €, hello, wörld €");
  });

  test("RFC 7692 §6: RSV1 on a control frame fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression: true });
    for (const opcode of [ping, pong]) {
      await expectFailure(app.url, asked, [frame(opcode, "", { rsv })], [1002]);
      await expectFailure(app.url, asked, [frame(opcode, hex("f248cdc9c90700"), { rsv })], [1002]);
      const inMessage = [frame(text, hex("f248"), { fin: false, rsv }), frame(opcode, "", { rsv })];
      await expectFailure(app.url, asked, inMessage, [1002]);
    }
    await expectFailure(app.url, asked, [frame(close, "", { rsv })], [1002]);
  });

  test("RFC 7692 §6: RSV1 on a fragment that is not the first fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression: true });
    for (const first of [rsv, 0]) {
      const open = frame(text, hex("f2 48 cd"), { fin: false, rsv: first });
      await expectFailure(app.url, asked, [open, frame(continuation, hex("c9 c9 07 00"), { rsv })], [1002]);
      const inTheMiddle = [open, frame(continuation, hex("c9"), { fin: false, rsv })];
      await expectFailure(app.url, asked, inTheMiddle, [1002]);
    }
  });

  test("RFC 7692 §7.2.1: blocks of every kind are inflated, and as many of them as there are", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const said = "Hello, hello, hello! ".repeat(300);
    for (const strategy of [
      constants.Z_DEFAULT_STRATEGY,
      constants.Z_FIXED,
      constants.Z_HUFFMAN_ONLY,
      constants.Z_RLE,
    ]) {
      for (const options of [
        { level: 9, strategy },
        { level: 1, strategy },
        { level: 0, strategy },
        { memLevel: 1, strategy },
      ]) {
        wire.send(frame(text, deflated(said, options), { rsv }));
        expect((await wire.next()).payload.toString() === said).toBe(true);
      }
    }
    const blocks = Array.from("Hello", (each) => Buffer.concat([deflated(each), hex("0000ffff")]));
    wire.send(frame(text, Buffer.concat([...blocks, hex("00")]), { rsv }));
    expect(say(await wire.next())).toBe("text Hello");
  });

  test("RFC 7692 §7.2.1: blocks with BFINAL set end nothing but themselves", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const final = (part: string) => deflateRawSync(part);
    const whole = new Map<string, readonly Buffer[]>([
      ["Hello", [final("Hello"), hex("00")]],
      ["Hello, ", [final("Hel"), deflated("lo, ")]],
      ["Hello!", [final("Hel"), final("lo!"), hex("00")]],
      ["Hello?", [hex("01 00 00 ff ff"), deflated("Hello?")]],
      ["a long one".repeat(999), [final("a long one".repeat(998)), final("a long"), deflated(" one")]],
    ]);
    for (const [said, blocks] of whole) {
      wire.send(frame(text, Buffer.concat(blocks), { rsv }), ...fragments(text, [...blocks], { rsv }));
      expect((await wire.next()).payload.toString()).toBe(said);
      expect((await wire.next()).payload.toString()).toBe(said);
    }
  });

  test("RFC 7692 §7.2.2: what stands behind a block with BFINAL set is inflated, or fails the connection: it is never left out", async () => {
    await using app = await serveEcho({ compression: true });
    const final = deflateRawSync("Hel");
    for (const behind of ["ff ff ff", "07", "00 05 00 fa fe 48 65 6c 6c 6f 00"]) {
      const sent = Buffer.concat([final, hex(behind)]);
      await expectFailure(app.url, asked, [frame(text, sent, { rsv })], [1007, 1002]);
    }
    const refersBack = deflated("Hel", { dictionary: Buffer.from("Hel") });
    await using other = await dial(app.url, asked);
    other.send(frame(text, Buffer.concat([final, refersBack]), { rsv }));
    expect(["text HelHel", "close 1007 invalid_data"]).toContain(say(await other.next()));
    for (const blocks of [2, 15, 16, 1_000]) {
      await using wire = await dial(app.url, asked);
      wire.send(frame(text, Buffer.concat([...Array(blocks).fill(final), hex("00")]), { rsv }));
      const whole = `text ${"Hel".repeat(blocks)}`;
      expect(say(await wire.next())).toBe(blocks < 16 ? whole : "close 1007 invalid_data"); // 16 streams with the last
    }
    const half = deflateRawSync(Buffer.alloc(2 ** 19 + 1));
    await expectFailure(app.url, asked, [frame(binary, Buffer.concat([half, half, hex("00")]), { rsv })], [1009]);
  });

  test("RFC 7692 §7.2.2: a message of no bytes is one, however it was deflated", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    for (const sent of ["00", "02 00", "03 00 00", "01 00 00 ff ff 00"]) {
      for (const opcode of [text, binary]) {
        wire.send(frame(opcode, hex(sent), { rsv }));
        expect(say(await wire.next()), sent).toBe(opcode === text ? "text " : "binary ");
      }
    }
    wire.send(...fragments(text, ["", hex("00"), ""], { rsv }));
    expect(say(await wire.next())).toBe("text ");
  });

  test("RFC 7692 §7.2.2: what lies 32 KiB behind is found", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const far = far32k();
    const bytes = deflated(far);
    expect(bytes.length).toBeLessThan(deflated(far, { windowBits: 14 }).length * 0.7);
    wire.send(frame(text, bytes, { rsv }));
    expect((await wire.next()).payload.toString() === far).toBe(true);
  });

  test("RFC 7692 §7.2.2: each message is inflated with the window that was agreed on", async () => {
    await using app = await serveEcho({ compression: true });
    for (const offer of ["permessage-deflate", "permessage-deflate; client_no_context_takeover"]) {
      await using wire = await dial(app.url, { offer });
      wire.send(frame(text, hex("f2 48 cd c9 c9 07 00"), { rsv }), frame(text, hex("f2 48 cd c9 c9 07 00"), { rsv }));
      expect([say(await wire.next()), say(await wire.next())]).toEqual(["text Hello", "text Hello"]);
      // It refers to the message before, which a client may do where nothing else was agreed on.
      wire.send(frame(text, hex("f2 00 11 00 00"), { rsv }));
      const allowed = wire.agreed?.clientMayTakeContextOver
        ? ["text Hello"]
        : ["text Hello", "close 1007 invalid_data"];
      expect(allowed).toContain(say(await wire.next()));
    }
  });

  test("RFC 7692 §7.2.2: what can't be inflated fails the connection, with 1007 or 1002", async () => {
    await using app = await serveEcho({ compression: true });
    for (const sent of [
      "ff",
      "ff ff ff ff",
      "07",
      "06", // a block of the type that is reserved
      "00 05 00 fa fe 48 65 6c 6c 6f 00", // lengths that don't match
      "f2 00 11 00 00", // refers to what was never said
      "04 c0 81 08 00 00 00 00 20 7f eb", // a dynamic block that breaks off
    ]) {
      await expectFailure(app.url, asked, [frame(text, hex(sent), { rsv })], [1007, 1002]);
      await expectFailure(app.url, asked, [frame(binary, hex(sent), { rsv })], [1007, 1002]);
    }
  });

  test("RFC 7692 §7.2.2: a text is looked at when it is inflated: what is not UTF-8 fails the connection with 1007", async () => {
    await using app = await serveEcho({ compression: true });
    for (const bytes of ["ff", "c0 80", "ed a0 80", "e2 82", "48 65 6c 6c 6f f4 90 80 80"].map(hex)) {
      await expectFailure(app.url, asked, [frame(text, deflated(bytes), { rsv })], [1007]);
      const cut = deflated(bytes);
      await expectFailure(app.url, asked, fragments(text, [cut.subarray(0, 2), cut.subarray(2)], { rsv }), [1007]);
    }
    await using wire = await dial(app.url, asked);
    wire.send(frame(text, hex("f2 48 cd c9 c9 07 00"), { rsv })); // itself no UTF-8
    expect(say(await wire.next())).toBe("text Hello");
  });

  test("RFC 7692 §8: a message that is too big inflated is told 1009, however small it came", async () => {
    await using app = await serveEcho({ compression: true });
    const limit = 2 ** 20;
    await using wire = await dial(app.url, asked);
    wire.send(frame(binary, deflated(Buffer.alloc(limit)), { rsv }));
    expect((await wire.next()).payload.length).toBe(limit);
    for (const size of [limit + 1, 16 * limit]) {
      const bomb = deflated(Buffer.alloc(size));
      await expectFailure(app.url, asked, [frame(binary, bomb, { rsv })], [1009]);
      await expectFailure(app.url, asked, fragments(text, [bomb.subarray(0, 9), bomb.subarray(9)], { rsv }), [1009]);
    }
  });
}
