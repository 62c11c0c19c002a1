import { expect, test } from "vitest";
import { closeFrame, fragments, frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { checkAccepted, writeRequest } from "./handshake.js";
import { hex } from "./hex.js";
import { type Line, say } from "./line.js";
import { dial, Wire } from "./wire.js";

const { text, binary, continuation, ping, pong } = opcodes;

/** RFC 6455 §5.4: nobody may depend on where TCP cuts. */
export function segmentRules({ compression, asked }: Line): void {
  const long = frame(binary, "a".repeat(126));
  const talk = Buffer.concat([
    frame(text, "Hello €"),
    frame(ping, "1"),
    ...fragments(text, [Buffer.of(0xe2, 0x82), Buffer.of(0xac)]),
    frame(pong, "unasked"),
    long,
    frame(text, "b", { fin: false }),
    frame(ping, ""),
    frame(continuation, "c", { fin: false }),
    frame(continuation, ""),
    compression ? frame(text, hex("f2 48 cd c9 c9 07 00"), { rsv: 0b100 }) : frame(text, "Hello"),
  ]);
  const answers = ["text Hello €", "text €", `binary ${"61".repeat(126)}`, "text bc", "text Hello", "pong 1", "pong "];
  const goodbye = closeFrame(4000, "bye");
  /** Every byte but those inside the long payload, of which one is as good as another. */
  const inside = { from: talk.indexOf(long) + 10, to: talk.indexOf(long) + long.length - 1 };
  const cuts = Array.from(talk.keys()).filter((at) => at > 0 && (at < inside.from || at > inside.to));

  test("RFC 6455 §6.2: a conversation is the same wherever TCP cuts it in two", async () => {
    await using app = await serveEcho({ compression });
    await using beside = await dial(app.url, asked);
    await using wire = await dial(app.url, asked);
    for (const at of cuts) {
      wire.send(talk.subarray(0, at));
      await beside.settled(); // what was written before has been read by now
      wire.send(talk.subarray(at));
      expect(await hearAnswers(wire), `cut at ${at}`).toEqual(answers);
    }
    for (let at = 1; at < goodbye.length; at++) {
      await using other = await dial(app.url, asked);
      other.send(talk, goodbye.subarray(0, at));
      await beside.settled();
      other.send(goodbye.subarray(at));
      expect(await hearAnswers(other)).toEqual(answers);
      expect(say(await other.next()), `cut at ${at}`).toBe("close 4000 bye");
    }
  });

  test("RFC 6455 §6.2: a conversation is the same in one segment, and byte by byte", async () => {
    await using app = await serveEcho({ compression });
    await using beside = await dial(app.url, asked);
    await using whole = await dial(app.url, asked);
    await using wire = await dial(app.url, asked);
    whole.send(talk, goodbye);
    for (const byte of Buffer.concat([talk, goodbye])) {
      wire.send(Buffer.of(byte));
      await beside.settled();
    }
    for (const each of [whole, wire]) {
      expect(await hearAnswers(each)).toEqual(answers);
      expect(say(await each.next())).toBe("close 4000 bye");
    }
  });

  test("RFC 6455 §4.2.1: a handshake is the same byte by byte", async () => {
    await using app = await serveEcho({ compression });
    await using beside = await dial(app.url, asked);
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    await using wire = Wire.open(app.url, (head) => checkAccepted(head, asked, key));
    for (const byte of Buffer.from(writeRequest(asked, key))) {
      wire.send(Buffer.of(byte));
      await beside.settled();
    }
    expect(await wire.head()).toMatchObject({ status: 101 });
    wire.send(frame(text, "in"));
    expect(say(await wire.next())).toBe("text in");
  });

  test("RFC 6455 §7.1.4: a conversation that ends anywhere leaves nothing behind, and nobody else hears of it", async () => {
    await using app = await serveEcho({ compression });
    await using beside = await dial(app.url, asked);
    for (const at of [0, ...cuts, talk.length]) {
      await using wire = await dial(app.url, asked);
      wire.send(talk.subarray(0, at));
      wire.end();
      expect(await app.closes.next(), `ended at ${at}`).toMatchObject({ code: 1006 });
    }
    expect(await beside.settled()).toEqual([]);
    expect(app.app.stats()).toMatchObject({ connections: 1 });
  });

  /** As many as there are to be, pongs last: they may overtake what waits for a handler. */
  async function hearAnswers(wire: Wire): Promise<string[]> {
    const said: string[] = [];
    while (said.length < answers.length) said.push(say(await wire.next()));
    const isPong = (each: string) => each.startsWith("pong");
    return [...said.filter((each) => !isPong(each)), ...said.filter(isPong)];
  }
}
