import { Readable } from "node:stream";
import { expect, test } from "vitest";
import type { HttpRequest } from "../declare/app.js";
import { readBody } from "./api-body.js";

const asked = {
  target: "/api/publish",
  rawHeaders: ["Content-Type", "application/json"],
  address: "::1",
  isSecure: true,
};

/** A body, and the timers that its reading leaves behind. */
function reading(body: Readable) {
  const timers = new Set<() => void>();
  const after = (_ms: number, run: () => void) => {
    timers.add(run);
    return { cancel: () => void timers.delete(run) };
  };
  // A request is read as any stream is.
  const request: HttpRequest = Object.assign(body, { method: "POST" });
  const read = readBody(request, asked, { clock: { after }, limits: { apiBody: 100, apiBodyTime: 5_000 } });
  return { read, timers };
}

test("a body that has come is waited for no longer, and neither is one that is refused", async () => {
  const whole = reading(Readable.from([Buffer.from('{"a"'), Buffer.from(":1}")]));
  expect(await whole.read).toEqual({ a: 1 });
  expect(whole.timers.size).toBe(0);
  const large = reading(Readable.from([Buffer.alloc(101)]));
  await expect(large.read).rejects.toMatchObject({ code: "body_too_big" });
  expect(large.timers.size).toBe(0);
});

test("each piece is copied as it comes, and not kept", async () => {
  const piece = Buffer.alloc(1);
  const text = JSON.stringify({ a: "x".repeat(90) });
  const { read } = reading(
    Readable.from(
      (function* () {
        // A byte at a time, in a piece that the next one takes the place of.
        for (const byte of Buffer.from(text)) {
          piece[0] = byte;
          yield piece;
        }
      })(),
      { highWaterMark: 1 },
    ),
  );
  expect(await read).toEqual(JSON.parse(text));
});

test("one that does not come to its end is waited for as long as it may take", async () => {
  const { read, timers } = reading(new Readable({ read() {} }));
  for (const run of timers) run();
  await expect(read).rejects.toMatchObject({ code: "body_timeout" });
});
