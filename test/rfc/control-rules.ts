import { expect, test } from "vitest";
import { closeFrame, codeBytes, frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { expectFailure, type Line, say } from "./line.js";
import { dial } from "./wire.js";

const { text, close, ping, pong } = opcodes;

/** RFC 6455 §5.5, but for the close frame. */
export function controlRules({ compression, asked }: Line): void {
  test("RFC 6455 §5.5: a control frame of more than 125 bytes fails the connection with 1002", async () => {
    await using app = await serveEcho({ compression });
    for (const size of [126, 127, 65_535, 65_536]) {
      for (const opcode of [ping, pong]) {
        await expectFailure(app.url, asked, [frame(opcode, "x".repeat(size))], [1002]);
      }
      const body = Buffer.concat([codeBytes(1000), Buffer.alloc(size - 2, "x")]);
      await expectFailure(app.url, asked, [frame(close, body)], [1002]);
    }
  });

  test("RFC 6455 §5.5.2: a ping is answered by a pong of the same bytes, whatever they are", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    for (const payload of [
      Buffer.alloc(0),
      Buffer.of(0),
      Buffer.of(0xff, 0xfe, 0x80),
      Buffer.alloc(124, 1),
      Buffer.alloc(125, 2),
    ]) {
      wire.send(frame(ping, payload));
      expect(await wire.next()).toMatchObject({ kind: "pong", payload });
    }
  });

  test("RFC 6455 §5.5.2: of many pings the last is answered, and those that are answered are in order", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    const pings = Array.from({ length: 150 }, (_, at) => String(at));
    wire.send(...pings.map((each) => frame(ping, each)));
    const answered: string[] = [];
    while (answered.at(-1) !== pings.at(-1)) answered.push((await wire.next()).payload.toString());
    expect(answered).toEqual(pings.filter((each) => answered.includes(each)));
  });

  test("RFC 6455 §5.5.2: a ping behind the close frame is not answered", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(frame(ping, "before"), closeFrame(1000), frame(ping, "behind"));
    expect([say(await wire.next()), say(await wire.next())]).toEqual(["pong before", "close 1000"]);
    expect(await wire.ended()).toBe("end");
    expect(wire.unread).toEqual([]);
  });

  test("RFC 6455 §5.5.3: a pong that nobody asked for is not answered", async () => {
    await using app = await serveEcho({ compression });
    await using wire = await dial(app.url, asked);
    wire.send(frame(pong), frame(pong, "unasked"), frame(pong, Buffer.alloc(125, 0xff)), frame(text, "and on"));
    expect(say(await wire.next())).toBe("text and on");
    expect(await wire.settled()).toEqual([]);
  });
}
