import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readEvent, readMember, readSaid, writeEvent, writeMember } from "./said.js";

const text = fc.string({ unit: "binary" });
const json = fc.jsonValue().map((value) => JSON.stringify(value));
const optional = fc.option(text, { nil: undefined });
const event = fc.record({ type: text, payloadJson: json, except: optional, latestOf: optional, trace: optional });
const member = fc.record({ id: text, faceJson: json });
const offset = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

test("an event that is written is read as it was", () => {
  const property = fc.property(event, (said) => {
    expect(readEvent(writeEvent({ ...said, channel: "chat" }))).toEqual(said);
  });
  fc.assert(property);
});

test.each(["a\nb", "\n", ' { "n" : 12345678901234567890,\n "n" : 1.0e2 } ', '"\u2028\u2029"'])(
  "a payload's text stays as it is: %j",
  (payloadJson) => {
    const said = { type: "t", payloadJson, except: undefined, latestOf: undefined, trace: undefined };
    expect(readEvent(writeEvent({ ...said, channel: "chat" }))).toEqual(said);
  },
);

test("what is part of no trace is written as it was before there were any", () => {
  const said = { channel: "chat", type: "t", payloadJson: "1" };
  expect(writeEvent({ ...said, except: undefined })).toBe('["t"]\n1');
  expect(writeEvent({ ...said, except: "c1" })).toBe('["t","c1",null]\n1');
});

test("a member that is written is read as it was, and has one line", () => {
  const property = fc.property(member, (written) => {
    expect(writeMember(written)).not.toContain("\n");
    expect(readMember(writeMember(written))).toEqual(written);
  });
  fc.assert(property);
});

test("what a script says of an event is read with its place", () => {
  const property = fc.property(event, offset, (said, at) => {
    const message = `eA-z_9.1k ${at} ${writeEvent({ ...said, channel: "chat" })}`;
    expect(readSaid(message)).toEqual({ kind: "event", event: { ...said, epoch: "A-z_9.1k", offset: at } });
  });
  fc.assert(property);
});

test.each([
  ["j", "joined"],
  ["l", "left"],
] as const)("what a script says with %s is who has %s, and how many are there", (letter, kind) => {
  const property = fc.property(fc.array(member, { minLength: 1, maxLength: 5 }), fc.nat(), (members, count) => {
    const message = [`${letter}${count}`, ...members.map(writeMember)].join("\n");
    expect(readSaid(message)).toEqual({ kind, members, count });
  });
  fc.assert(property);
});

test.each(["", "e", "e1 2 x", "jx", "j1\nx"])("what no script says is refused: %j", (message) => {
  expect(() => readSaid(message)).toThrow();
});
