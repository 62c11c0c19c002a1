import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { anyRate } from "../support/any-rate.js";
import { closeFrame, fragments, frame, opcodes } from "./client-frame.js";
import { type EchoApp, serveEcho } from "./echo-app.js";
import type { Arrival } from "./frame-reader.js";
import { type Line, say } from "./line.js";
import { dial } from "./wire.js";

/** What is around an event's text on the wire. */
const around = '{"type":"item","channel":"news","payload":{"text":""}}'.length;
/** Where a length begins to be written otherwise (RFC 6455 §5.2), and where messages begin to be deflated. */
const sizes = [125, 126, 127, 1_023, 1_024, 1_025, 65_535, 65_536, 65_537, 200_000];

/** RFC 6455 §6, on events: what is made once, and sent to many. */
export function sendingRules({ compression, asked }: Line): void {
  test("RFC 6455 §6.1: an event is a whole text message for each who hears it, at every length", async () => {
    await using app = await serveEcho({ compression });
    const wires = [await hear(app, asked), await hear(app, {}), await hear(app, asked)];
    for (const size of sizes) {
      const said = "y".repeat(size - around);
      await app.publish(said);
      for (const wire of wires) {
        const { kind, payload } = await wire.next();
        expect([kind, payload.length]).toEqual(["text", size]);
        expect(JSON.parse(payload.toString())).toEqual({ type: "item", channel: "news", payload: { text: said } });
      }
    }
    for (const wire of wires) await wire[Symbol.asyncDispose]();
  });

  test("RFC 6455 §6.1: many events at once come whole, each once and in order, with pongs between them", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await hear(app, asked);
    const texts = Array.from({ length: 200 }, (_, at) => `${at} `.padEnd(1 + (at % 7) * 300, "z"));
    const publishes = texts.map((each) => app.publish(each));
    wire.send(frame(opcodes.ping, "between"));
    await Promise.all(publishes);
    const heard: string[] = [];
    while (heard.length < texts.length) {
      const { kind, payload } = await wire.next();
      if (kind === "text") heard.push(JSON.parse(payload.toString()).payload.text);
    }
    expect(heard).toEqual(texts);
  });

  test("RFC 6455 §6.1: nothing is sent to who has closed, and the others hear on", async () => {
    await using app = await serveEcho({ compression });
    await using ana = await hear(app, asked);
    await using bob = await hear(app, asked);
    await app.publish("one");
    ana.send(closeFrame(1000));
    expect([await ana.next(), await ana.next()].map(({ kind }) => kind)).toEqual(["text", "close"]);
    await app.publish("two");
    expect(await ana.ended()).toBe("end");
    expect(ana.unread).toEqual([]);
    const heard = [await bob.next(), await bob.next()].map(
      ({ payload }) => JSON.parse(payload.toString()).payload.text,
    );
    expect(heard).toEqual(["one", "two"]);
  });

  test("RFC 6455 §6.1: events that a slow reader takes piece by piece are whole, and in order", async () => {
    await using app = await serveEcho({ compression, limits: { ...anyRate, outbox: "64mb" } });
    await using slow = await hear(app, asked);
    await using quick = await hear(app, asked);
    slow.stall();
    const texts = Array.from({ length: 60 }, (_, at) =>
      noise(at)
        .repeat(3)
        .padEnd(65_536 - around + at - 30, "."),
    );
    for (const each of texts) await app.publish(each);
    for (const each of texts) expect(textOf(await quick.next()) === each).toBe(true);
    slow.resume();
    for (const each of texts) expect(textOf(await slow.next()) === each).toBe(true);
  });

  test("RFC 6455 §5.4: events arrive while a message of the client's is half said, which is then answered", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await hear(app, asked);
    const said = Buffer.from('{"type":"say","payload":{"text":"tschüß"},"id":1}');
    const [first, second, third] = fragments(opcodes.text, [
      said.subarray(0, 35),
      said.subarray(35, 40),
      said.subarray(40),
    ]);
    if (!first || !second || !third) throw new Error("three parts are three frames");
    wire.send(first, second);
    await app.publish("meanwhile");
    expect(textOf(await wire.next())).toBe("meanwhile");
    wire.send(frame(opcodes.ping, "still"));
    expect(say(await wire.next())).toBe("pong still");
    wire.send(third);
    expect(say(await wire.next())).toBe('text {"type":"reply","id":1,"payload":"tschüß"}');
  });

  test("RFC 6455 §7.1.7: a message endpoint is as strict, and who is failed there takes nobody else along", async () => {
    await using app = await serveEcho({ compression });
    await using other = await hear(app, asked);
    for (const [faulty, code] of faults) {
      await using wire = await hear(app, asked);
      wire.send(...faulty, frame(opcodes.text, '{"type":"say","payload":{"text":"after"},"id":1}'));
      const { kind, payload } = await wire.next();
      expect([kind, payload.readUInt16BE()], faulty.map(String).join()).toEqual(["close", code]);
      await app.publish("for the others");
      expect(await wire.ended()).toBe("end");
      expect(wire.unread).toEqual([]);
      expect(textOf(await other.next())).toBe("for the others");
    }
  });

  test("RFC 6455 §6.1: what a raw endpoint sends is text or binary as the app said, each in frames that end", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    for (const size of sizes) {
      wire.send(frame(opcodes.text, "t".repeat(size)), frame(opcodes.binary, "b".repeat(size)));
      const [first, second] = [await wire.next(), await wire.next()];
      expect([first.kind, first.payload.length, second.kind, second.payload.length]).toEqual([
        "text",
        size,
        "binary",
        size,
      ]);
      expect(second.payload.equals(Buffer.alloc(size, "b"))).toBe(true);
    }
  });

  test("RFC 6455 §6.2: a frame behind a whole message begins another", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    const { text, binary, continuation } = opcodes;
    wire.send(
      frame(text, "a", { fin: false }),
      frame(continuation, "b"),
      frame(binary, "c"),
      frame(text, ""),
      frame(text, "d"),
    );
    const said = [await wire.next(), await wire.next(), await wire.next(), await wire.next()].map(say);
    expect(said).toEqual(["text ab", "binary 63", "text ", "text d"]);
  });
}

async function hear(app: EchoApp, asked: Line["asked"]) {
  const wire = await dial(app.url, { ...asked, path: "/feed" });
  await wire.settled();
  return wire;
}

/** One of each kind, and what it is told. */
const faults: readonly (readonly [readonly Buffer[], number])[] = [
  [[frame(opcodes.text, "{}", { key: undefined })], 1002],
  [[frame(opcodes.text, "{}", { rsv: 0b010 })], 1002],
  [[frame(0x3, "{}")], 1002],
  [[frame(0xb)], 1002],
  [[frame(opcodes.continuation, "{}")], 1002],
  [[frame(opcodes.text, "{", { fin: false }), frame(opcodes.text, "}")], 1002],
  [[frame(opcodes.ping, "", { fin: false })], 1002],
  [[frame(opcodes.ping, "x".repeat(126))], 1002],
  [[frame(opcodes.close, "x")], 1002],
  [[closeFrame(1005)], 1002],
  [[frame(opcodes.text, Buffer.of(0xff))], 1007],
  [fragments(opcodes.text, [Buffer.of(0xe2), Buffer.of(0x82)]), 1007],
  [[closeFrame(1000, Buffer.of(0xff))], 1007],
  [[frame(opcodes.text, "", { lengthBits: 64, length: 2n ** 40n })], 1009],
];

function textOf({ payload }: Arrival): string {
  return JSON.parse(payload.toString()).payload.text;
}

/** What can't be deflated much. */
function noise(seed: number): string {
  return createHash("sha512").update(String(seed)).digest("base64").repeat(200);
}
