import { expect, test } from "vitest";
import { closeFrame, frame, opcodes } from "./client-frame.js";
import { deflated } from "./deflated-message.js";
import { type EchoApp, serveEcho } from "./echo-app.js";
import { far32k } from "./far-text.js";
import type { Asked } from "./handshake.js";
import { dial, type Wire } from "./wire.js";

const { text, binary, ping } = opcodes;
const asked = { offer: "permessage-deflate" };

/** RFC 7692 §6.1 and §7.2.1: what the server sends deflated. The reader refuses what is not as it must be. */
export function deflatingRules(): void {
  test("RFC 7692 §6.1: a message goes deflated with RSV1 on its first frame, or as it is without", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const seen = new Set<boolean>();
    for (const size of [0, 1, 125, 126, 1_000, 1_023, 1_024, 5_000, 65_535, 65_536, 300_000]) {
      const said = "Hello, hello! ".repeat(size).slice(0, size);
      wire.send(frame(text, said), frame(binary, said));
      const [first, second] = [await wire.next(), await wire.next()];
      expect([first.payload.toString() === said, second.payload.toString() === said]).toEqual([true, true]);
      seen.add(first.isDeflated);
    }
    expect([...seen].sort()).toEqual([false, true]);
  });

  test("RFC 7692 §7.2.1: what goes deflated has lost its tail, is whole with it, and is smaller", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const said = "Hello, hello! ".repeat(1_000);
    wire.send(frame(text, said));
    const { frames, isDeflated, payload } = await wire.next();
    const sent = Buffer.concat(frames);
    expect([isDeflated, payload.toString() === said]).toEqual([true, true]);
    expect(sent.subarray(-4).toString("hex")).not.toBe("0000ffff");
    expect(sent.length).toBeLessThan(said.length / 10);
  });

  test("RFC 7692 §7.2.1: whoever was promised no context gets each message on its own", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, { offer: "permessage-deflate; server_no_context_takeover" });
    expect(wire.agreed).toMatchObject({ serverTakesContextOver: false });
    const said = "Hello, hello! ".repeat(1_000);
    wire.send(frame(text, said), frame(text, said), frame(text, said));
    const sent = [await wire.next(), await wire.next(), await wire.next()].map(({ frames }) => Buffer.concat(frames));
    // The same bytes for the same words: nothing of the message before was referred to. The reader begins anew each time.
    expect(sent.every((each) => sent[0]?.equals(each))).toBe(true);
  });

  test("RFC 7692 §7.2.1: the server's window is no longer than was agreed on", async () => {
    await using app = await serveEcho({ compression: true });
    for (const offer of [
      "permessage-deflate",
      ...[8, 9, 10, 12, 15].map((each) => `permessage-deflate; server_max_window_bits=${each}`),
    ]) {
      await using wire = await dial(app.url, { offer });
      const far = far32k();
      wire.send(frame(text, far));
      // The reader's own window is as long as was agreed on: what lies further behind it can't find.
      expect((await wire.next()).payload.toString() === far, offer).toBe(true);
    }
  });

  test("RFC 7692 §6.1: control frames between deflated messages are never deflated", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, asked);
    const said = "Hello, hello! ".repeat(200);
    const pingBody = "p".repeat(125);
    wire.send(
      frame(text, said),
      frame(ping, pingBody),
      frame(text, said),
      frame(ping, pingBody),
      closeFrame(4000, "r".repeat(123)),
    );
    const heard = [];
    for (let at = 0; at < 5; at++) heard.push(await wire.next());
    expect(heard.filter(({ kind }) => kind === "pong").map(({ payload }) => payload.toString())).toEqual([
      pingBody,
      pingBody,
    ]);
    expect(heard.filter(({ kind }) => kind === "text").every(({ isDeflated }) => isDeflated)).toBe(true);
    expect(heard.at(-1)?.payload.subarray(2).toString()).toBe("r".repeat(123));
  });

  test("RFC 7692 §7.2.1: an event that is deflated once for all is understood by each, and plain for who agreed on nothing", async () => {
    await using app = await serveEcho({ compression: true });
    const offers = [
      "permessage-deflate",
      undefined,
      "permessage-deflate; client_max_window_bits; server_max_window_bits=15",
      "permessage-deflate; foo",
      "permessage-deflate; server_max_window_bits=9",
    ];
    const wires: Wire[] = [];
    for (const offer of offers) wires.push(await hear(app, { offer }));
    for (const size of [10, 2_000, 70_000, 10, 2_000]) {
      const said = "news ".repeat(size).slice(0, size);
      await app.publish(said);
      for (const [at, wire] of wires.entries()) {
        const { payload, isDeflated } = await wire.next();
        expect(JSON.parse(payload.toString()).payload.text === said, offers[at]).toBe(true);
        expect(isDeflated, offers[at]).toBe(wire.agreed !== undefined && size >= 1_024);
      }
    }
    for (const wire of wires) await wire[Symbol.asyncDispose]();
  });

  test("RFC 7692 §7.2.1: deflated and plain messages of one connection stay in order, with events among them", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await hear(app, asked);
    const sizes = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? 20_000 : at % 3 === 1 ? 5 : 1_500));
    const texts = sizes.map((size, at) => `${at} `.padEnd(size, "z"));
    const publishes = texts.map((each) => app.publish(each));
    wire.send(frame(text, deflated('{"type":"say","payload":{"text":"me"},"id":1}'), { rsv: 0b100 }));
    await Promise.all(publishes);
    const heard: string[] = [];
    let replies = 0;
    while (heard.length < texts.length || replies < 1) {
      const message = JSON.parse((await wire.next()).payload.toString());
      if (message.type === "item") heard.push(message.payload.text);
      else replies += message.payload === "me" ? 1 : 0;
    }
    expect(heard.every((each, at) => each === texts[at])).toBe(true);
  });
}

async function hear(app: EchoApp, asked: Asked): Promise<Wire> {
  const wire = await dial(app.url, { ...asked, path: "/feed" });
  await wire.settled();
  return wire;
}
