import { expect, test } from "vitest";
import { RecordingTurn } from "../../test/support/recording-turn.js";
import { encodeTextFrame } from "./frame.js";
import { Lane } from "./lane.js";

const text = encodeTextFrame;

/** A lane and the outboxes of three listeners, of whom none is on it. */
function openLane() {
  const recording = new RecordingTurn();
  return {
    recording,
    lane: new Lane(recording.turn),
    ana: recording.open(),
    bob: recording.open(),
    cy: recording.open(),
  };
}

test("who comes in the middle of a turn hears what is said from then on", () => {
  const { recording, lane, ana, bob, cy } = openLane();
  lane.add(ana.outbox);
  lane.push(text("one"), undefined);
  lane.add(bob.outbox);
  lane.push(text("two"), undefined);
  lane.add(cy.outbox);
  recording.end();
  expect([ana, bob, cy].map(({ socket }) => socket.texts)).toEqual([["one", "two"], ["two"], []]);
  lane.push(text("three"), undefined);
  recording.end();
  expect([ana, bob, cy].map(({ socket }) => socket.texts.at(-1))).toEqual(["three", "three", "three"]);
});

test("who leaves in the middle of a turn hears what was said before, and nothing after", () => {
  const { recording, lane, ana, bob } = openLane();
  for (const { outbox } of [ana, bob]) lane.add(outbox);
  lane.push(text("one"), undefined);
  lane.delete(ana.outbox);
  lane.push(text("two"), undefined);
  recording.end();
  lane.push(text("three"), undefined);
  recording.end();
  expect(ana.socket.texts).toEqual(["one"]);
  expect(bob.socket.texts).toEqual(["one", "two", "three"]);
  expect(lane.size).toBe(1);
});

test("who leaves and comes back within a turn misses what was said between", () => {
  const { recording, lane, ana } = openLane();
  lane.add(ana.outbox);
  lane.push(text("one"), undefined);
  lane.delete(ana.outbox);
  lane.push(text("two"), undefined);
  lane.add(ana.outbox);
  lane.push(text("three"), undefined);
  lane.delete(ana.outbox);
  lane.push(text("four"), undefined);
  lane.add(ana.outbox);
  recording.end();
  expect(ana.socket.texts).toEqual(["one", "three"]);
  lane.push(text("five"), undefined);
  recording.end();
  expect(ana.socket.texts.at(-1)).toBe("five");
});

test("who is excepted from a frame hears all others", () => {
  const { recording, lane, ana, bob, cy } = openLane();
  for (const { outbox } of [ana, bob, cy]) lane.add(outbox);
  lane.push(text("one"), undefined);
  lane.push(text("not for ana"), ana.outbox);
  lane.push(text("not for bob"), bob.outbox);
  recording.end();
  expect(ana.socket.texts).toEqual(["one", "not for bob"]);
  expect(bob.socket.texts).toEqual(["one", "not for ana"]);
  expect(cy.socket.texts).toEqual(["one", "not for ana", "not for bob"]);
  lane.push(text("two"), undefined);
  recording.end();
  expect(new Set([ana, bob, cy].map(({ socket }) => socket.writes.at(-1))).size).toBe(1);
});

test("who is excepted from all there is gets no write", () => {
  const { recording, lane, ana, bob } = openLane();
  for (const { outbox } of [ana, bob]) lane.add(outbox);
  lane.push(text("one"), ana.outbox);
  lane.push(text("two"), ana.outbox);
  recording.end();
  expect(ana.socket.writes).toEqual([]);
  expect(bob.socket.texts).toEqual(["one", "two"]);
  expect(recording.counters.writes).toBe(1);
});

test("who is excepted and leaves is excepted still", () => {
  const { recording, lane, ana, bob } = openLane();
  for (const { outbox } of [ana, bob]) lane.add(outbox);
  lane.push(text("one"), undefined);
  lane.push(text("not for ana"), ana.outbox);
  lane.delete(ana.outbox);
  recording.end();
  expect(ana.socket.texts).toEqual(["one"]);
  expect(bob.socket.texts).toEqual(["one", "not for ana"]);
});

test("an exception for somebody who is not on the lane changes nothing", () => {
  const { recording, lane, ana, bob } = openLane();
  lane.add(ana.outbox);
  lane.push(text("one"), bob.outbox);
  recording.end();
  expect(ana.socket.texts).toEqual(["one"]);
  expect(bob.socket.writes).toEqual([]);
});

test("those with a history of their own don't take the shared buffer from the rest", () => {
  const { recording, lane, ana, bob, cy } = openLane();
  const dan = recording.open();
  for (const { outbox } of [ana, bob]) lane.add(outbox);
  lane.push(text("one"), undefined);
  lane.add(cy.outbox);
  lane.push(text("two"), undefined);
  lane.add(dan.outbox);
  recording.end();
  expect(ana.socket.writes[0]).toBe(bob.socket.writes[0]);
  expect(cy.socket.texts).toEqual(["two"]);
  expect(dan.socket.writes).toEqual([]);
});

test("who came in the middle of a turn shares the buffer from the next turn on", () => {
  const { recording, lane, ana, bob } = openLane();
  lane.add(ana.outbox);
  lane.push(text("one"), undefined);
  lane.add(bob.outbox);
  recording.end();
  for (const word of ["two", "three"]) lane.push(text(word), undefined);
  recording.end();
  expect(bob.socket.texts).toEqual(["two", "three"]);
  expect(bob.socket.writes[0]).toBe(ana.socket.writes[1]);
});

test("leaving a lane that it is not on does nothing", () => {
  const { recording, lane, ana, bob } = openLane();
  lane.add(ana.outbox);
  lane.push(text("one"), undefined);
  lane.delete(bob.outbox);
  recording.end();
  expect(bob.socket.writes).toEqual([]);
  expect(lane.size).toBe(1);
});

test("a frame is compressed once, for all who take it so, and not for the others", () => {
  const { recording, lane, ana, bob, cy } = openLane();
  for (const { socket } of [ana, bob]) socket.isCompressing = true;
  for (const { outbox } of [ana, bob, cy]) lane.add(outbox);
  lane.push(text("x".repeat(5_000)), undefined);
  expect(lane.bytesFor(ana.outbox)).toBe(lane.bytesFor(bob.outbox));
  expect(lane.bytesFor(ana.outbox)?.length).toBeLessThan(200);
  expect(lane.bytesFor(cy.outbox)?.length).toBeGreaterThan(5_000);
  recording.end();
  expect([ana, bob, cy].map(({ socket }) => socket.texts)).toEqual(Array(3).fill(["x".repeat(5_000)]));
});
