import { expect, test } from "vitest";
import { closeFrame, codeBytes, fragments, frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { expectFailure, type Line, say } from "./line.js";
import { dial } from "./wire.js";

const { continuation, text, binary, close, ping, pong } = opcodes;

/** RFC 6455 §5.4. */
export function fragmentRules({ compression, asked }: Line): void {
  test("RFC 6455 §5.4: a message is the same in one frame, in two and in one for each byte", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    const said = Buffer.from("Hello, wörld €");
    for (let at = 0; at <= said.length; at++) {
      wire.send(...fragments(text, [said.subarray(0, at), said.subarray(at)]));
      expect(say(await wire.next())).toBe("text Hello, wörld €");
    }
    for (const opcode of [text, binary]) {
      const bytes = [...said].map((byte) => Buffer.of(byte));
      wire.send(frame(opcode, said), ...fragments(opcode, bytes));
      expect(say(await wire.next())).toBe(say(await wire.next()));
    }
  });

  test("RFC 6455 §5.4: empty fragments add nothing, wherever they stand", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    for (const parts of [
      ["", "Hello"],
      ["Hel", "", "lo"],
      ["Hello", ""],
      ["", "", "Hello", "", ""],
    ]) {
      wire.send(...fragments(text, parts));
      expect(say(await wire.next())).toBe("text Hello");
    }
    wire.send(...fragments(text, ["", "", ""]), ...fragments(binary, ["", ""]));
    expect([say(await wire.next()), say(await wire.next())]).toEqual(["text ", "binary "]);
  });

  test("RFC 6455 §5.4: fragments are put together in the order they were sent", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    const parts = Array.from({ length: 1_000 }, (_, at) => `${at}.`);
    for (const part of fragments(text, parts)) wire.send(part);
    expect(say(await wire.next())).toBe(`text ${parts.join("")}`);
  });

  test("RFC 6455 §5.4: control frames between fragments are answered, and the message stays whole", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    const [first, second, third] = fragments(text, ["Hel", "l", "o"]);
    if (!first || !second || !third) throw new Error("three parts are three frames");
    wire.send(first);
    wire.send(frame(ping, "1"), frame(pong, "unasked"));
    expect(say(await wire.next())).toBe("pong 1");
    wire.send(second, frame(ping, "2"), frame(ping), third, frame(ping, "3"));
    const rest = [await wire.next(), await wire.next(), await wire.next(), await wire.next()].map(say);
    expect(rest.filter((each) => each.startsWith("pong"))).toEqual(["pong 2", "pong ", "pong 3"]);
    expect(rest).toContain("text Hello");
  });

  test("RFC 6455 §5.4: a close frame between fragments is answered, and the message is not waited for", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(frame(text, "Hel", { fin: false }), closeFrame(1000, "enough"), frame(continuation, "lo"));
    expect(say(await wire.next())).toBe("close 1000 enough");
    expect(await wire.ended()).toBe("end");
  });

  test("RFC 6455 §5.4: a control frame in fragments fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const opcode of [ping, pong]) {
      await expectFailure(app.url, asked, fragments(opcode, ["", ""]), [1002]);
      await expectFailure(app.url, asked, fragments(opcode, ["Hel", "lo"]), [1002]);
      const inMessage = [frame(text, "a", { fin: false }), ...fragments(opcode, ["Hel", "lo"])];
      await expectFailure(app.url, asked, inMessage, [1002]);
    }
    await expectFailure(app.url, asked, fragments(close, [codeBytes(1000), "bye"]), [1002]);
  });

  test("RFC 6455 §5.4: a message inside another fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const outer of [text, binary]) {
      for (const inner of [text, binary]) {
        const open = frame(outer, "a", { fin: false });
        await expectFailure(app.url, asked, [open, frame(inner, "b")], [1002]);
        await expectFailure(app.url, asked, [open, frame(inner, "b", { fin: false })], [1002]);
        const later = [open, frame(continuation, "b", { fin: false }), frame(inner, "c")];
        await expectFailure(app.url, asked, later, [1002]);
      }
    }
  });

  test("RFC 6455 §5.4: a continuation of nothing fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const fin of [true, false]) {
      for (const payload of ["", "Hello"]) {
        await expectFailure(app.url, asked, [frame(continuation, payload, { fin })], [1002]);
      }
    }
    await using wire = await dial(app.url, asked);
    wire.send(...fragments(text, ["Hel", "lo"]), frame(continuation, "more"));
    expect(say(await wire.next())).toBe("text Hello");
    expect(say(await wire.next())).toBe("close 1002 protocol_error");
  });

  test("RFC 6455 §5.4: the first fragment says what kind of message it is", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(...fragments(binary, ["a", "b"]), ...fragments(text, ["a", "b"]), ...fragments(binary, ["", "ab"]));
    const kinds = [await wire.next(), await wire.next(), await wire.next()].map(({ kind }) => kind);
    expect(kinds).toEqual(["binary", "text", "binary"]);
  });
}
