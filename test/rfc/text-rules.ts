import { expect, test } from "vitest";
import { closeFrame, codeBytes, fragments, frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { hex } from "./hex.js";
import { expectFailure, type Line, say } from "./line.js";
import { dial } from "./wire.js";

const { continuation, text, binary, close } = opcodes;

/** The first and the last of each length, those beside the surrogates, a BOM, no characters, and one of several of them. */
const valid = [
  "\u0000",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\u0fff",
  "\ud7ff",
  "\ue000",
  "\ufffd",
  "\ufffe",
  "\uffff",
  "\ufeffa",
  "\u{10000}",
  "\u{1fffe}",
  "\u{3ffff}",
  "\u{40000}",
  "\u{fffff}",
  "\u{100000}",
  "\u{10ffff}",
  "👩‍👧 κόσμε ẞ",
];

/** RFC 3629 §3 and §4: what UTF-8 is not. */
const invalid = {
  "a continuation alone": ["80", "bf", "80 80", "80 bf 80 bf"],
  "a start alone": ["c2", "df", "e0", "ef", "f0", "f4"],
  "an end that is missing": ["e0 a0", "ef bf", "f0 90", "f0 90 80", "f4 8f bf"],
  "a start instead of a continuation": [
    "c2 41",
    "c2 c2 80",
    "e2 82 41",
    "e2 28 a1",
    "f0 9f 98 41",
    "f0 28 8c bc",
    "f0 90 28 bc",
  ],
  "more bytes than it needs": [
    "c0 80",
    "c0 af",
    "c1 bf",
    "e0 80 80",
    "e0 80 af",
    "e0 9f bf",
    "f0 80 80 80",
    "f0 8f bf bf",
  ],
  "a surrogate": ["ed a0 80", "ed ad bf", "ed ae 80", "ed af bf", "ed b0 80", "ed bf bf", "ed a0 80 ed b0 80"],
  "past U+10FFFF": ["f4 90 80 80", "f5 80 80 80", "f7 bf bf bf"],
  "five and six bytes": ["f8 88 80 80 80", "fb bf bf bf bf", "fc 84 80 80 80 80", "fd bf bf bf bf bf"],
  "what is never in UTF-8": ["fe", "ff", "fe fe ff ff"],
};
const invalidBytes = Object.values(invalid).flat().map(hex);
/** Of each kind the longest, which has the most places to be cut at. */
const longest = Object.values(invalid).map((kind) =>
  hex(kind.reduce((one, other) => (one.length < other.length ? other : one))),
);

/** RFC 6455 §5.6 and §8.1. */
export function textRules({ compression, asked }: Line): void {
  test("RFC 6455 §5.6: a text may be cut at every byte of it, inside a character too", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    for (const each of valid) {
      const bytes = Buffer.from(each);
      for (let at = 0; at <= bytes.length; at++) {
        wire.send(...fragments(text, [bytes.subarray(0, at), bytes.subarray(at)]));
        expect((await wire.next()).payload).toEqual(bytes);
      }
    }
    const all = Buffer.from(valid.join(""));
    wire.send(
      ...fragments(
        text,
        [...all].map((byte) => Buffer.of(byte)),
      ),
    );
    expect((await wire.next()).payload).toEqual(all);
  });

  test("RFC 6455 §8.1: a text that is not UTF-8 fails the connection with 1007, whatever is wrong with it", async () => {
    await using app = await serveEcho({ compression });
    for (const bytes of invalidBytes) {
      await expectFailure(app.url, asked, [frame(text, bytes)], [1007]);
    }
    for (const bytes of longest) {
      const inside = Buffer.concat([Buffer.from("Hello €"), bytes, Buffer.from("wörld")]);
      await expectFailure(app.url, asked, [frame(text, inside)], [1007]);
    }
  });

  test("RFC 6455 §8.1: a text that is not UTF-8 fails the connection with 1007 in fragments too, at every cut", async () => {
    await using app = await serveEcho({ compression });
    for (const bytes of longest) {
      for (let at = 0; at <= bytes.length; at++) {
        await expectFailure(app.url, asked, fragments(text, [bytes.subarray(0, at), bytes.subarray(at)]), [1007]);
      }
      await expectFailure(
        app.url,
        asked,
        fragments(
          text,
          [...bytes].map((byte) => Buffer.of(byte)),
        ),
        [1007],
      );
    }
  });

  test("RFC 6455 §8.1: a character that ends in the next message is none", async () => {
    await using app = await serveEcho({ compression });
    await expectFailure(app.url, asked, [frame(text, hex("e2 82")), frame(text, hex("ac"))], [1007]);
    const acrossFragments = [
      frame(text, hex("e2"), { fin: false }),
      frame(continuation, hex("82")),
      frame(text, hex("ac")),
    ];
    await expectFailure(app.url, asked, acrossFragments, [1007]);
  });

  test("RFC 6455 §8.1: a close reason that is not UTF-8 fails the connection with 1007", async () => {
    await using app = await serveEcho({ compression });
    for (const bytes of longest) {
      await expectFailure(app.url, asked, [frame(close, Buffer.concat([codeBytes(1000), bytes]))], [1007]);
    }
  });

  test("RFC 6455 §5.6: binary is whatever bytes it is", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    for (const bytes of [...invalidBytes, Buffer.from(Uint8Array.from({ length: 256 }, (_, at) => at))]) {
      wire.send(frame(binary, bytes));
      expect(await wire.next()).toMatchObject({ kind: "binary", payload: bytes });
    }
  });

  test("RFC 6455 §5.6: what the server sends as text is UTF-8, also where the app's string is not", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(`${app.url}`, { ...asked, path: "/feed" });
    for (const each of [...valid, "a\ud800b", "\udc00", "\ud83d"]) {
      await app.publish(each);
      // A surrogate alone has no UTF-8: JSON escapes it (ECMA-262 §25.5.2.3), and then it is text.
      expect(JSON.parse((await wire.next()).payload.toString())).toMatchObject({ payload: { text: each } });
    }
    wire.send(closeFrame(1000));
    expect(say(await wire.next())).toBe("close 1000");
  });
}
