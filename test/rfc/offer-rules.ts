import { expect, test } from "vitest";
import { frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { far32k } from "./far-text.js";
import { hex } from "./hex.js";
import { expectFailure, say } from "./line.js";
import { dial, type Wire } from "./wire.js";

const { text } = opcodes;
const deflate = "permessage-deflate";

/** RFC 7692 §7: none of these may be accepted as it is. */
const unacceptable = {
  "a parameter that is not defined": ["foo", "foo=1", "max_window_bits=15", "server_no_context_takeover_", "mode=fast"],
  "a value where there is none": [
    "server_no_context_takeover=1",
    "client_no_context_takeover=true",
    "client_no_context_takeover=0",
  ],
  "no value where there is one": ["server_max_window_bits"],
  "a value that can't be": [
    "7",
    "16",
    "0",
    "-8",
    "+15",
    "08",
    "015",
    "15.0",
    "1e1",
    "0xf",
    "a",
    "150",
    "99999999999999999999",
  ].flatMap((value) => [`server_max_window_bits=${value}`, `client_max_window_bits=${value}`]),
  "a parameter twice": [
    "server_no_context_takeover; server_no_context_takeover",
    "client_no_context_takeover; client_no_context_takeover",
    "client_max_window_bits; client_max_window_bits",
    "client_max_window_bits=15; client_max_window_bits=15",
    "server_max_window_bits=15; server_max_window_bits=15",
    "server_max_window_bits=15; server_max_window_bits=14",
  ],
};

/** RFC 7692 §7 and §7.1: what is offered and what is agreed on. */
export function offerRules(): void {
  test("RFC 7692 §7: an offer with a parameter or a value that is not defined, or one twice, is declined", async () => {
    await using app = await serveEcho({ compression: true });
    for (const params of Object.values(unacceptable).flat()) {
      await using wire = await dial(app.url, { offer: `${deflate}; ${params}` });
      expect(wire.agreed, params).toBe(undefined);
      wire.send(frame(text, "goes on"));
      expect(say(await wire.next())).toBe("text goes on");
    }
  });

  test("RFC 7692 §7: on a connection whose offer was declined RSV1 fails the connection, and all else goes on", async () => {
    await using app = await serveEcho({ compression: true });
    const asked = { offer: `${deflate}; foo` };
    await using wire = await dial(app.url, asked);
    const long = "x".repeat(5_000);
    wire.send(frame(text, long));
    expect(await wire.next()).toMatchObject({ kind: "text", isDeflated: false });
    await expectFailure(app.url, asked, [frame(text, Buffer.of(0), { rsv: 0b100 })], [1002]);
  });

  test("RFC 7692 §5: of several offers the first that can be is accepted, in one header or in many", async () => {
    await using app = await serveEcho({ compression: true });
    const bad = `${deflate}; foo`;
    for (const offer of [
      `${bad}, ${deflate}`,
      [bad, deflate],
      `x-foo; a=1, ${deflate}`,
      ["x-foo", bad, deflate],
      `${bad},${deflate},${bad}`,
    ]) {
      await using wire = await dial(app.url, { offer });
      expect(wire.agreed, String(offer)).toBeDefined();
    }
    await using neither = await dial(app.url, { offer: `${bad}, ${deflate}; server_max_window_bits=7` });
    expect(neither.agreed).toBe(undefined);
  });

  test("RFC 7692 §7.1: quotes and white space in an offer are as RFC 6455 §9.1 lets them be", async () => {
    await using app = await serveEcho({ compression: true });
    for (const offer of [
      `  ${deflate}  ;  client_max_window_bits  `,
      `${deflate};server_max_window_bits=15;client_max_window_bits=15`,
      `${deflate}; client_max_window_bits="15"`,
      `${deflate}; server_max_window_bits="15"`,
    ]) {
      await using wire = await dial(app.url, { offer });
      await expectHello(wire);
    }
  });

  test("RFC 7692 §7.1.1.1: whoever asks for server_no_context_takeover is promised it", async () => {
    await using app = await serveEcho({ compression: true });
    await using wire = await dial(app.url, { offer: `${deflate}; server_no_context_takeover` });
    expect(wire.agreed).toMatchObject({ serverTakesContextOver: false });
    await expectHello(wire);
  });

  test("RFC 7692 §7.1.1.2: client_no_context_takeover may be offered, and the answer is one that may be", async () => {
    await using app = await serveEcho({ compression: true });
    for (const offer of [
      `${deflate}; client_no_context_takeover`,
      `${deflate}; client_no_context_takeover; server_no_context_takeover`,
    ]) {
      await using wire = await dial(app.url, { offer });
      await expectHello(wire);
    }
  });

  test("RFC 7692 §7.1.2.1: whoever limits the server's window is promised as much or less, or declined", async () => {
    await using app = await serveEcho({ compression: true });
    for (const bits of [8, 9, 10, 11, 12, 13, 14, 15]) {
      await using wire = await dial(app.url, { offer: `${deflate}; server_max_window_bits=${bits}` });
      if (wire.agreed) expect(wire.agreed.serverWindowBits).toBeLessThanOrEqual(bits);
      const far = far32k();
      wire.send(frame(text, far));
      expect((await wire.next()).payload.toString() === far, `${bits} bits`).toBe(true);
    }
    await using whole = await dial(app.url, { offer: `${deflate}; server_max_window_bits=15` });
    expect(whole.agreed).toBeDefined();
  });

  test("RFC 7692 §7.1.2.2: the client's window is limited in the answer only where the client offered it", async () => {
    await using app = await serveEcho({ compression: true });
    for (const params of [
      "",
      "; server_no_context_takeover",
      "; server_max_window_bits=15",
      "; client_no_context_takeover",
    ]) {
      await using wire = await dial(app.url, { offer: `${deflate}${params}` });
      expect(wire.agreed?.clientWindowBits, params).toBe(15);
    }
    for (const value of ["", "=8", "=9", "=10", "=11", "=12", "=13", "=14", "=15"]) {
      await using wire = await dial(app.url, { offer: `${deflate}; client_max_window_bits${value}` });
      await expectHello(wire);
    }
  });

  test("RFC 7692 §5: an app that did not turn it on accepts no offer", async () => {
    await using app = await serveEcho({ compression: false });
    for (const offer of [deflate, `${deflate}; client_max_window_bits`, [deflate, deflate]]) {
      await using wire = await dial(app.url, { offer });
      expect(wire.agreed).toBe(undefined);
      wire.send(frame(text, "x".repeat(2_000)));
      expect(await wire.next()).toMatchObject({ kind: "text", isDeflated: false });
    }
  });
}

/** It was agreed on, and both sides go by it. */
async function expectHello(wire: Wire): Promise<void> {
  expect(wire.agreed).toBeDefined();
  wire.send(frame(text, hex("f2 48 cd c9 c9 07 00"), { rsv: 0b100 }));
  expect(say(await wire.next())).toBe("text Hello");
}
