import { rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { anyRate } from "../support/any-rate.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { closeFrame, frame, opcodes } from "./client-frame.js";
import { type Line, say } from "./line.js";
import { dial } from "./wire.js";

const { text, ping } = opcodes;

/** RFC 6455 §7.1.2 and §7.3: closing by the server. */
export function leavingRules({ compression, asked }: Line): void {
  /** Does as it is told: `close 4000 why`, or `close` alone; it says on, and puts down what `send` said to it. */
  const serveLeaving = async () => {
    const outcomes = new Inbox<unknown>("what became of it");
    const leaving = rawEndpoint("/leave", {
      text({ connection }, said) {
        const [, code, reason] = /^close ?(\d*) ?(.*)$/s.exec(said) ?? [];
        connection.send("last");
        try {
          if (code === "") connection.close();
          else connection.close(Number(code), reason);
        } catch (error) {
          outcomes.put(error instanceof RangeError ? "RangeError" : error);
          return;
        }
        connection.close(4999, "twice");
        outcomes.put(connection.send("too late"));
      },
      close: (_, closed) => outcomes.put(closed),
    });
    return { ...(await serve({ endpoints: [leaving], compression, limits: anyRate })), outcomes };
  };

  test("RFC 6455 §7.1.2: the server's close frame has the code and the reason that the app gave it", async () => {
    await using app = await serveLeaving();
    const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013, 3000, 3999, 4000, 4999];
    for (const each of [...codes.map((code) => `close ${code}`), "close 4000 why not?", "close 4000 tschüß €"]) {
      await using wire = await dial(app.url, { ...asked, path: "/leave" });
      wire.send(frame(text, each));
      expect(say(await wire.next())).toBe("text last");
      expect(say(await wire.next())).toBe(each);
    }
    await using wire = await dial(app.url, { ...asked, path: "/leave" });
    wire.send(frame(text, "close"));
    expect([say(await wire.next()), say(await wire.next())]).toEqual(["text last", "close 1000"]);
  });

  test("RFC 6455 §7.4.1: the app can't have a code sent that must not be", async () => {
    await using app = await serveLeaving();
    await using wire = await dial(app.url, { ...asked, path: "/leave" });
    for (const code of [0, 999, 1004, 1005, 1006, 1010, 1015, 1016, 2999, 5000, 65_536]) {
      wire.send(frame(text, `close ${code}`));
      expect(say(await wire.next())).toBe("text last");
      expect(await app.outcomes.next()).toBe("RangeError");
    }
  });

  test("RFC 6455 §5.5.1: a reason is cut to what a close frame holds, at a whole character", async () => {
    await using app = await serveLeaving();
    for (const reason of ["x".repeat(200), "€".repeat(60), `${"x".repeat(121)}😀`]) {
      await using wire = await dial(app.url, { ...asked, path: "/leave" });
      wire.send(frame(text, `close 4000 ${reason}`));
      expect(say(await wire.next())).toBe("text last");
      const told = (await wire.next()).payload.subarray(2);
      expect(told.length).toBeLessThanOrEqual(123);
      expect(told.length).toBeGreaterThan(119);
      expect(reason.startsWith(told.toString())).toBe(true);
    }
  });

  test("RFC 6455 §5.5.1: the server sends nothing behind its close frame, whatever comes and whatever the app sends", async () => {
    await using app = await serveLeaving();
    await using wire = await dial(app.url, { ...asked, path: "/leave" });
    wire.send(frame(text, "close 4000"), frame(ping, "late"), frame(text, "close 4001"));
    expect([say(await wire.next()), say(await wire.next())]).toEqual(["text last", "close 4000"]);
    expect(await app.outcomes.next()).toBe(false);
    wire.send(frame(ping, "later"), closeFrame(4000));
    expect(await wire.ended()).toBe("end");
    expect(wire.unread).toEqual([]);
  });

  test("RFC 6455 §5.5.1: the client's answer ends TCP, at once and from the server's side", async () => {
    await using app = await serveLeaving();
    for (const answer of [closeFrame(4000), closeFrame(1000, "other"), frame(opcodes.close)]) {
      await using wire = await dial(app.url, { ...asked, path: "/leave" });
      wire.send(frame(text, "close 4000"));
      expect([say(await wire.next()), say(await wire.next())]).toEqual(["text last", "close 4000"]);
      wire.send(answer);
      expect(await wire.ended()).toBe("end");
    }
  });

  test("RFC 6455 §5.5.1: close frames that cross end TCP, and none is answered by another", async () => {
    await using app = await serveLeaving();
    await using wire = await dial(app.url, { ...asked, path: "/leave" });
    wire.send(frame(text, "close 4000"), closeFrame(3000, "as well"));
    const said = [say(await wire.next()), say(await wire.next())];
    expect(["text last,close 4000", "text last,close 3000 as well"]).toContain(said.join());
    expect(await wire.ended()).toBe("end");
    expect(wire.unread).toEqual([]);
  });

  test("RFC 6455 §7.1.1: whoever never answers a close frame is ended all the same", async () => {
    const closing = rawEndpoint("/leave", { open: ({ connection }) => connection.close(4000) });
    await using app = await serve({ endpoints: [closing], compression, limits: { close: "20ms" } });
    await using wire = await dial(app.url, { ...asked, path: "/leave" });
    expect(say(await wire.next())).toBe("close 4000");
    expect(["end", "reset"]).toContain(await wire.ended());
  });
}
