import { expect, test } from "vitest";
import { z } from "zod";
import { EncodeError } from "../protocol/encode-message.js";
import { encodeOutgoing, encodeValidated, OutgoingPayloadError } from "./outgoing.js";

const said = z.object({ text: z.string(), at: z.date().optional(), tag: z.string().default("x") });

test("what leaves is the schema's output, as JSON", () => {
  expect(encodeOutgoing(said, { text: "hi", at: new Date(0), more: 1 }, "the event")).toBe(
    '{"text":"hi","at":"1970-01-01T00:00:00.000Z","tag":"x"}',
  );
  expect(encodeOutgoing(z.undefined(), undefined, "the reply")).toBe("null");
  expect(encodeValidated({ value: [1, Number.NaN] }, "the reply")).toBe("[1,null]");
});

test("what does not fit is named, with the first place and all issues", () => {
  const encode = () =>
    encodeOutgoing(z.object({ a: z.object({ b: z.string() }), c: z.number() }), { a: {} }, 'the event "said"');
  expect(encode).toThrow(OutgoingPayloadError);
  expect(encode).toThrow(/^The payload of the event "said" does not fit its schema at a\.b: /);
  expect(encode).toThrow(
    expect.objectContaining({
      issues: [expect.objectContaining({ path: ["a", "b"] }), expect.objectContaining({ path: ["c"] })],
    }),
  );
});

test("a misfit of the whole has no place, and one without issues no reason", () => {
  expect(() => encodeOutgoing(z.string(), 1, "the reply")).toThrow(
    /^The payload of the reply does not fit its schema: /,
  );
  expect(() => encodeValidated({ issues: [] }, "the reply")).toThrow("no reason given");
});

test("an asynchronous schema is refused: what is sent has to leave when the call returns", () => {
  expect(() =>
    encodeOutgoing(
      z.string().refine(async () => false),
      "hi",
      "the event",
    ),
  ).toThrow(TypeError);
});

test("what JSON has no text for is an EncodeError", () => {
  expect(() => encodeOutgoing(z.any(), 1n, "the event")).toThrow(EncodeError);
});
