import { expect, test } from "vitest";
import { closeFrame, codeBytes, frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { expectFailure, type Line, say } from "./line.js";
import { dial } from "./wire.js";

const { text, binary, close } = opcodes;

/** RFC 6455 §7.4 and IANA's registry of the codes that came since (1012–1014). */
const usable = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const unusable = [
  0, 1, 125, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 9999, 32_768, 65_535,
];

/** RFC 6455 §5.5.1 and §7: closing by the client. */
export function closeRules({ compression, asked }: Line): void {
  test("RFC 6455 §5.5.1: a close frame is answered by one, and TCP is ended", async () => {
    await using app = await serveEcho({ compression });
    for (const reason of ["", "bye", "tschüß €", "x".repeat(123)]) {
      await using wire = await dial(app.url, asked);
      wire.send(closeFrame(1000, reason));
      expect(say(await wire.next())).toMatch(/^close 1000/);
      expect(await wire.ended()).toBe("end");
      expect(await app.closes.next()).toEqual({ code: 1000, reason });
    }
  });

  test("RFC 6455 §5.5.1: an empty close frame is answered by one", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(frame(close));
    expect(say(await wire.next())).toMatch(/^close( 1000)?$/);
    expect(await wire.ended()).toBe("end");
  });

  test("RFC 6455 §5.5.1: a close frame of one byte fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const byte of [0x00, 0x03, 0xff]) {
      await expectFailure(app.url, asked, [frame(close, Buffer.of(byte))], [1002]);
    }
  });

  test("RFC 6455 §5.5.1: what was said before the close frame is answered before it, what comes behind is not", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(frame(text, "a"), frame(text, "b"), closeFrame(1000), frame(text, "c"), closeFrame(1001));
    const said = [await wire.next(), await wire.next(), await wire.next()].map(say);
    expect(said).toEqual(["text a", "text b", "close 1000"]);
    expect(await wire.ended()).toBe("end");
    expect(wire.unread).toEqual([]);
  });

  test("RFC 6455 §7.4: a code that may be sent is answered by itself", async () => {
    await using app = await serveEcho({ compression });
    for (const code of usable) {
      await using wire = await dial(app.url, asked);
      wire.send(closeFrame(code, "why"));
      expect(say(await wire.next())).toBe(`close ${code} why`);
      expect(await wire.ended()).toBe("end");
    }
  });

  test("RFC 6455 §7.4: a code that may not be sent fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const code of unusable) {
      await expectFailure(app.url, asked, [closeFrame(code)], [1002]);
      await expectFailure(app.url, asked, [closeFrame(code, "why")], [1002]);
    }
  });

  test("RFC 6455 §7.1.5: the app is told the client's code, 1005 where it said none, and 1006 where it said nothing", async () => {
    await using app = await serveEcho({ compression });
    for (const code of usable) {
      await using wire = await dial(app.url, asked);
      wire.send(closeFrame(code));
      expect(await app.closes.next()).toEqual({ code, reason: "" });
    }
    await using silent = await dial(app.url, asked);
    silent.send(frame(close));
    expect(await app.closes.next()).toMatchObject({ code: 1005 });
    await using cut = await dial(app.url, asked);
    cut.end();
    expect(await app.closes.next()).toMatchObject({ code: 1006 });
    await using lost = await dial(app.url, asked);
    lost.reset();
    expect(await app.closes.next()).toMatchObject({ code: 1006 });
  });

  test("RFC 6455 §7.1.6: the app is told the client's reason, to its last byte", async () => {
    await using app = await serveEcho({ compression });
    for (const reason of ["", "why", "€".repeat(41), "x".repeat(123)]) {
      await using wire = await dial(app.url, asked);
      wire.send(closeFrame(4000, reason));
      expect(await app.closes.next()).toEqual({ code: 4000, reason });
    }
  });

  test("RFC 6455 §7.1.7: whoever was failed hears why, also while much more is on its way, and TCP ends", async () => {
    await using app = await serveEcho({ compression });
    const megabytes = Buffer.alloc(8 * 2 ** 20, 0x78);
    await using wire = await dial(app.url, asked);
    wire.send(frame(binary, megabytes));
    expect(say(await wire.next())).toBe("close 1009 message_too_big");
    await wire.ended();
  });

  test("RFC 6455 §7.1.7: whoever was failed and goes on is not heard, and not waited for", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(frame(text, "a", { rsv: 0b001 }));
    expect(say(await wire.next())).toBe("close 1002 protocol_error");
    expect(await wire.ended()).toBe("end"); // without an answer to the close frame
    expect(await app.closes.next()).toMatchObject({ code: 1002 });
  });

  test("RFC 6455 §7.4.1: a message past the limit is told 1009, in one frame and in many", async () => {
    await using app = await serveEcho({ compression, limits: { messageSize: "1kb", messages: "1000/1s" } });
    await using wire = await dial(app.url, asked);
    wire.send(frame(text, "x".repeat(1_024)));
    expect((await wire.next()).payload.length).toBe(1_024);
    await expectFailure(app.url, asked, [frame(text, "x".repeat(1_025))], [1009]);
    await expectFailure(app.url, asked, [frame(binary, "x".repeat(1_025))], [1009]);
    const inTwo = [frame(text, "x".repeat(1_000), { fin: false }), frame(opcodes.continuation, "x".repeat(25))];
    await expectFailure(app.url, asked, inTwo, [1009]);
  });

  test("RFC 6455 §7.4.1: a message in more fragments than the limit is told 1008", async () => {
    await using app = await serveEcho({ compression, limits: { fragments: 3, messages: "1000/1s" } });
    const [first, more, last] = [
      frame(text, "a", { fin: false }),
      frame(opcodes.continuation, "", { fin: false }),
      frame(opcodes.continuation, "b"),
    ];
    await using wire = await dial(app.url, asked);
    wire.send(first, more, last);
    expect(say(await wire.next())).toBe("text ab");
    await expectFailure(app.url, asked, [first, more, more, last], [1008]);
  });

  test("RFC 6455 §7.4.1: a message endpoint tells 1003 to whoever sends binary", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, { ...asked, path: "/feed" });
    wire.send(frame(binary, codeBytes(1000)));
    expect(say(await wire.next())).toBe("close 1003 unsupported_data");
  });
}
