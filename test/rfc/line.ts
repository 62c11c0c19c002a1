import { expect } from "vitest";
import { closeFrame, frame, opcodes } from "./client-frame.js";
import type { Arrival } from "./frame-reader.js";
import type { Asked } from "./handshake.js";
import { dial } from "./wire.js";

/** On what the rules of RFC 6455 hold: with and without an extension. */
export interface Line {
  readonly name: string;
  readonly compression: boolean;
  readonly asked: Asked;
}

export const lines: readonly Line[] = [
  { name: "without an extension", compression: false, asked: {} },
  { name: "with permessage-deflate", compression: true, asked: { offer: "permessage-deflate" } },
];

/**
 * What the server _fails the connection_ for (RFC 6455 §7.1.7): it says the code, ends TCP, and looks at nothing that
 * comes behind. A message before shows that it would have.
 */
export async function expectFailure(url: string, asked: Asked, faulty: readonly Buffer[], codes: readonly number[]) {
  await using wire = await dial(url, asked);
  const [before, after] = [frame(opcodes.text, "before"), frame(opcodes.text, "after")];
  wire.send(before, ...faulty, after, closeFrame(1000));
  const what = Buffer.concat(faulty).subarray(0, 24).toString("hex");
  expect(say(await wire.next()), what).toBe("text before");
  expect(
    codes.map((code) => `close ${code}`),
    what,
  ).toContain(sayCode(await wire.next()));
  expect(await wire.ended(), what).toBe("end");
  expect(wire.unread, what).toEqual([]);
}

/** `text hello`, `close 1000 bye`, `ping `: bytes that are no text in hex. */
export function say({ kind, payload }: Arrival): string {
  if (kind === "close")
    return ["close", ...(payload.length === 0 ? [] : [code(payload), payload.subarray(2)])].join(" ").trim();
  return `${kind} ${kind === "binary" ? payload.toString("hex") : payload.toString()}`;
}

function sayCode(arrival: Arrival): string {
  return arrival.kind === "close" && arrival.payload.length > 0 ? `close ${code(arrival.payload)}` : say(arrival);
}

function code(body: Buffer): number {
  return body.readUInt16BE();
}
