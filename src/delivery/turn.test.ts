import { expect, test } from "vitest";
import { RecordingTurn } from "../../test/support/recording-turn.js";
import { encodeTextFrame } from "./frame.js";
import { Lane } from "./lane.js";
import type { Turn } from "./turn.js";

const text = encodeTextFrame;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

test("32 frames for 100 listeners in one turn are 100 writes of one and the same buffer", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const listeners = recording.openMany(100);
  for (const { outbox } of listeners) lane.add(outbox);
  for (const number of numbers(32)) lane.push(text(number), undefined);
  expect(listeners.flatMap(({ socket }) => socket.writes)).toEqual([]);
  recording.end();
  const writes = listeners.flatMap(({ socket }) => socket.writes);
  expect(writes).toHaveLength(100);
  expect(new Set(writes).size).toBe(1);
  expect(listeners[0]?.socket.texts).toEqual(numbers(32));
  expect(recording.counters.writes).toBe(100);
  expect(recording.counters.bytesWritten).toBe(100 * Number(writes[0]?.byteLength));
});

test("a lone frame is written as it is, without a copy", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const [ana, bob] = [recording.open(), recording.open()];
  lane.add(ana.outbox);
  const frame = text("for the lane");
  lane.push(frame, undefined);
  const direct = text("for bob");
  bob.outbox.push(direct);
  recording.end();
  expect(ana.socket.writes[0]).toBe(frame);
  expect(bob.socket.writes[0]).toBe(direct);
});

test("the end of a turn is asked for once, and not at all where there is nothing to write", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const { outbox } = recording.open();
  lane.add(outbox);
  expect(recording.dueCount).toBe(0);
  lane.push(text("one"), undefined);
  outbox.push(text("two"));
  lane.push(text("three"), undefined);
  expect(recording.dueCount).toBe(1);
});

test("the end of a turn asks for no other", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const { outbox } = recording.open();
  lane.add(outbox);
  lane.push(text("one"), undefined);
  recording.end();
  expect(recording.dueCount).toBe(0);
});

test("what was written in one turn is not written in the next", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const { outbox, socket } = recording.open();
  lane.add(outbox);
  for (const number of numbers(3)) {
    lane.push(text(number), undefined);
    outbox.push(text(`${number} direct`));
    recording.end();
  }
  expect(socket.writes).toHaveLength(3);
  expect(socket.texts).toEqual(["0", "0 direct", "1", "1 direct", "2", "2 direct"]);
});

test("frames of many channels and direct ones reach each in the order of the calls, in one write", () => {
  const recording = new RecordingTurn();
  const [news, chat, other] = [0, 1, 2].map(() => new Lane(recording.turn)) as [Lane, Lane, Lane];
  const [ana, bob] = [recording.open(), recording.open()];
  for (const lane of [news, chat]) lane.add(ana.outbox);
  for (const lane of [other, chat]) lane.add(bob.outbox);
  chat.push(text("chat 1"), undefined);
  ana.outbox.push(text("to ana 1"));
  news.push(text("news 1"), undefined);
  other.push(text("other 1"), undefined);
  chat.push(text("chat 2"), undefined);
  bob.outbox.push(text("to bob 1"));
  ana.outbox.push(text("to ana 2"));
  news.push(text("news 2"), undefined);
  recording.end();
  expect(ana.socket.texts).toEqual(["chat 1", "to ana 1", "news 1", "chat 2", "to ana 2", "news 2"]);
  expect(bob.socket.texts).toEqual(["chat 1", "other 1", "chat 2", "to bob 1"]);
  expect(recording.counters.writes).toBe(2);
});

test("what many channels had for somebody in one turn is not in the next", () => {
  const recording = new RecordingTurn();
  const lanes = [0, 1, 2].map(() => new Lane(recording.turn));
  const { outbox, socket } = recording.open();
  for (const lane of lanes) lane.add(outbox);
  for (const turn of numbers(3)) {
    for (const [index, lane] of lanes.entries()) lane.push(text(`${index} in turn ${turn}`), undefined);
    recording.end();
  }
  expect(socket.texts).toEqual(numbers(3).flatMap((turn) => [0, 1, 2].map((index) => `${index} in turn ${turn}`)));
});

test("a lane that nobody is on costs nothing and loses nothing of others", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const { outbox, socket } = recording.open();
  lane.push(text("unheard"), undefined);
  outbox.push(text("hi"));
  recording.end();
  expect(socket.texts).toEqual(["hi"]);
  expect(recording.counters.writes).toBe(1);
});

test("a turn that never ends is written when its lanes hold more than 1 MiB", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const listeners = recording.openMany(3);
  for (const { outbox } of listeners) lane.add(outbox);
  const frame = text("x".repeat(60_000));
  const needed = Math.floor((1024 * 1024) / frame.length) + 1;
  for (let number = 1; number < needed; number += 1) lane.push(frame, undefined);
  expect(recording.counters.writes).toBe(0);
  lane.push(frame, undefined);
  expect(recording.counters.writes).toBe(3);
  for (const { socket } of listeners) expect(socket.bytes.length).toBe(needed * frame.length);

  lane.push(text("after"), undefined);
  expect(recording.counters.writes).toBe(3);
  recording.end();
  for (const { socket } of listeners) expect(socket.texts.at(-1)).toBe("after");
});

test("what is said within `overflow`, after the turn's writes, is written in the next turn", () => {
  const recording = new RecordingTurn();
  const lane = new Lane(recording.turn);
  const bob = recording.open();
  const calls: string[] = [];
  const stuck = recording.open({
    limit: 100,
    overflow: () => {
      calls.push(`overflow after ${bob.socket.texts.join()}`);
      lane.delete(stuck.outbox);
      lane.push(text("ana left"), undefined);
      bob.outbox.push(text("to bob"));
    },
  });
  stuck.socket.isStuck = true;
  for (const { outbox } of [stuck, bob]) lane.add(outbox);
  lane.push(text("x".repeat(90)), undefined);
  recording.end();
  lane.push(text("y".repeat(90)), undefined);
  recording.end();
  expect(calls).toEqual([`overflow after ${"x".repeat(90)},${"y".repeat(90)}`]);
  recording.end();
  expect(bob.socket.texts.slice(2)).toEqual(["ana left", "to bob"]);
  expect(stuck.socket.writes).toHaveLength(1);
});

const fail = () => {
  throw new Error("a fault");
};

test.each<[string, (turn: Turn) => void]>([
  ["what runs at its end", (turn) => turn.atEnd(fail)],
  ["a lane", (turn) => turn.addLane({ announce: fail, clear() {} })],
  ["a lane that begins anew", (turn) => turn.addLane({ announce() {}, clear: fail })],
  ["an outbox", (turn) => turn.addOutbox({ flush: fail, overflow() {} })],
  ["who was sent too much", (turn) => turn.addOutbox({ flush: () => false, overflow: fail })],
  ["what runs afterwards", (turn) => turn.afterwards(fail)],
])("%s that throws takes nothing from the others, neither in this turn nor in the next", (_, addFault) => {
  const recording = new RecordingTurn();
  const { turn } = recording;
  const lane = new Lane(turn);
  const [ana, bob] = [recording.open(), recording.open()];
  for (const { outbox } of [ana, bob]) lane.add(outbox);
  addFault(turn);
  const ran: string[] = [];
  turn.atEnd(() => ran.push("at the end"));
  turn.afterwards(() => ran.push("afterwards"));
  bob.outbox.push(text("to bob"));
  lane.push(text("one"), undefined);
  expect(() => recording.end()).toThrow("a fault");
  expect(ran).toEqual(["at the end", "afterwards"]);
  lane.push(text("two"), undefined);
  recording.end();
  expect([ana, bob].map(({ socket }) => socket.texts)).toEqual([
    ["one", "two"],
    ["to bob", "one", "two"],
  ]);
});

test("of faults within one turn none is lost", () => {
  const recording = new RecordingTurn();
  for (const message of ["one", "two"]) {
    recording.turn.atEnd(() => {
      throw new Error(message);
    });
  }
  expect(() => recording.end()).toThrow(
    expect.objectContaining({
      errors: [new Error("one"), new Error("two")].map((error) => expect.objectContaining(error)),
    }),
  );
});
