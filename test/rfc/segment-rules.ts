import { expect, test } from "vitest";
import { closeFrame, fragments, frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { type Line, say } from "./line.js";
import { dial } from "./wire.js";

const { text, binary, continuation, ping, pong } = opcodes;

/** RFC 6455 §5.4: nobody may depend on where TCP cuts. */
export function segmentRules({ compression, asked }: Line): void {
  const long = frame(binary, "a".repeat(126));
  const conversation = Buffer.concat([
    frame(text, "Hello €"),
    frame(ping, "1"),
    ...fragments(text, [Buffer.of(0xe2, 0x82), Buffer.of(0xac)]),
    frame(pong, "unasked"),
    long,
    frame(text, "b", { fin: false }),
    frame(ping, ""),
    frame(continuation, "c", { fin: false }),
    frame(continuation, ""),
    closeFrame(4000, "bye"),
  ]);
  const answers = ["text Hello €", "text €", `binary ${"61".repeat(126)}`, "text bc", "close 4000 bye"];
  const pongs = ["pong 1", "pong "];
  /** Every byte but those inside the long payload, of which one is as good as another. */
  const inside = { from: conversation.indexOf(long) + 10, to: conversation.indexOf(long) + long.length - 1 };
  const cuts = Array.from(conversation.keys()).filter((at) => at > 0 && (at < inside.from || at > inside.to));

  test("RFC 6455 §6.2: a conversation is the same wherever TCP cuts it in two", async () => {
    await using app = await serveEcho({ compression });
    await using beside = await dial(app.url, asked);
    for (const at of cuts) {
      await using wire = await dial(app.url, asked);
      wire.send(conversation.subarray(0, at));
      await beside.settled(); // what was written before has been read by now
      wire.send(conversation.subarray(at));
      await wire.ended();
      expect(sorted(wire.unread.map(say)), `cut at ${at}`).toEqual([...answers, ...pongs]);
    }
  });

  test("RFC 6455 §6.2: a conversation is the same in one segment, and byte by byte", async () => {
    await using app = await serveEcho({ compression });
    await using whole = await dial(app.url, asked);
    whole.send(conversation);
    await whole.ended();
    expect(sorted(whole.unread.map(say))).toEqual([...answers, ...pongs]);
    await using beside = await dial(app.url, asked);
    await using wire = await dial(app.url, asked);
    for (const byte of conversation) {
      wire.send(Buffer.of(byte));
      await beside.settled();
    }
    await wire.ended();
    expect(sorted(wire.unread.map(say))).toEqual([...answers, ...pongs]);
  });

  test("RFC 6455 §7.1.4: a conversation that ends anywhere leaves nothing behind, and nobody else hears of it", async () => {
    await using app = await serveEcho({ compression });
    await using beside = await dial(app.url, asked);
    const withoutClose = conversation.subarray(0, -closeFrame(4000, "bye").length);
    for (const at of cuts.filter((cut) => cut <= withoutClose.length)) {
      await using wire = await dial(app.url, asked);
      wire.send(withoutClose.subarray(0, at));
      wire.end();
      expect(await app.closes.next(), `ended at ${at}`).toMatchObject({ code: 1006 });
    }
    expect(await beside.settled()).toEqual([]);
    expect(app.app.stats()).toMatchObject({ connections: 1 });
  });
}

/** Pongs last: they may overtake what waits for a handler. */
function sorted(said: readonly string[]): string[] {
  return [...said.filter((each) => !each.startsWith("pong")), ...said.filter((each) => each.startsWith("pong"))];
}
