import { expect, test } from "vitest";
import { RecordingTurn } from "../../test/support/recording-turn.js";
import { encodeTextFrame } from "./frame.js";
import { Lane } from "./lane.js";

const text = encodeTextFrame;
/** A frame of so many bytes. */
const frameOf = (bytes: number) => text("x".repeat(bytes - (bytes < 128 ? 2 : 4)));

/** An outbox with a limit of 100 bytes, whose socket takes nothing. */
function openStuck() {
  const recording = new RecordingTurn();
  const overflows: number[] = [];
  const opened = recording.open({ limit: 100, overflow: () => overflows.push(opened.socket.writes.length) });
  opened.socket.isStuck = true;
  return { ...opened, recording, overflows };
}

test("direct frames go out in one write at the end of the turn", () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open();
  for (const word of ["one", "two", "three"]) outbox.push(text(word));
  expect(socket.writes).toEqual([]);
  recording.end();
  expect(socket.writes).toHaveLength(1);
  expect(socket.texts).toEqual(["one", "two", "three"]);
});

test("a socket that has taken everything takes any frame", () => {
  const { recording, outbox, socket, overflows } = openStuck();
  outbox.push(frameOf(5_000));
  recording.end();
  expect(socket.bytes.length).toBe(5_000);
  expect(overflows).toEqual([]);
});

test("a socket that has not taken everything is written to up to half the limit; what waits beside it fits to the byte", () => {
  const { recording, outbox, socket, overflows } = openStuck();
  for (const bytes of [30, 20, 10, 40]) {
    outbox.push(frameOf(bytes));
    recording.end();
  }
  expect(socket.writes.map(({ byteLength }) => byteLength)).toEqual([30, 20]);
  expect(outbox.bufferedBytes).toBe(100);
  expect(overflows).toEqual([]);
  outbox.push(frameOf(2));
  recording.end();
  expect(socket.writes).toHaveLength(2);
  expect(overflows).toEqual([2]);
});

test("a socket that has not taken everything is written to up to 64 KiB, however much may wait", () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open({ limit: 1 << 20 });
  socket.isStuck = true;
  for (const bytes of [100, 65_000, 436, 2]) {
    outbox.push(frameOf(bytes));
    recording.end();
  }
  expect(socket.writes.map(({ byteLength }) => byteLength)).toEqual([100, 65_000, 436]);
  expect(outbox.bufferedBytes).toBe(65_538);
});

test("one byte too many overflows, though the frame alone would fit", () => {
  const { recording, outbox, overflows, socket } = openStuck();
  outbox.push(frameOf(40));
  recording.end();
  outbox.push(frameOf(61));
  recording.end();
  expect(overflows).toEqual([1]);
  expect(socket.writes).toHaveLength(1);
});

test("an overflow is told once, and everything after it is dropped, even when the socket is free again", () => {
  const { recording, outbox, socket, overflows } = openStuck();
  const lane = new Lane(recording.turn);
  lane.add(outbox);
  for (const _ of ["waits", "too much", "more", "and more"]) {
    outbox.push(frameOf(90));
    lane.push(frameOf(90), undefined);
    recording.end();
    socket.drain();
    socket.bufferedBytes = 90;
  }
  socket.drain();
  outbox.push(text("late"));
  recording.end();
  expect(overflows).toHaveLength(1);
  expect(socket.writes).toHaveLength(1);
});

test("a socket that took what it had may be sent to again", () => {
  const { recording, outbox, socket, overflows } = openStuck();
  for (const _ of ["one", "two", "three"]) {
    outbox.push(frameOf(90));
    recording.end();
    socket.drain();
  }
  expect(socket.writes).toHaveLength(3);
  expect(overflows).toEqual([]);
});

test("a lane's frames count like direct ones, and only for the one who does not read", () => {
  const { recording, outbox, socket, overflows } = openStuck();
  const quick = recording.open({ limit: 100 });
  const lane = new Lane(recording.turn);
  for (const each of [outbox, quick.outbox]) lane.add(each);
  for (const _ of ["one", "two", "three"]) {
    lane.push(frameOf(80), undefined);
    recording.end();
  }
  expect(overflows).toEqual([1]);
  expect(socket.writes).toHaveLength(1);
  expect(quick.socket.writes).toHaveLength(3);
});

test("what is due is counted among the buffered bytes", () => {
  const { recording, outbox } = openStuck();
  expect(outbox.bufferedBytes).toBe(0);
  outbox.push(frameOf(30));
  expect(outbox.bufferedBytes).toBe(30);
  recording.end();
  expect(outbox.bufferedBytes).toBe(30);
  outbox.push(frameOf(20));
  expect(outbox.bufferedBytes).toBe(50);
});

test("a turn that does not end holds no more than the limit: what is past it is written at once", () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open({ limit: 100 });
  const other = recording.open({ limit: 100 });
  other.outbox.push(text("of the same turn"));
  outbox.push(frameOf(60));
  expect(socket.writes).toHaveLength(0);
  outbox.push(frameOf(60));
  expect(socket.bytes.length).toBe(120);
  expect(other.socket.texts).toEqual(["of the same turn"]);
  outbox.push(frameOf(60));
  recording.end();
  expect(socket.bytes.length).toBe(180);
});

test("a turn that does not end overflows within it, where nothing is taken", () => {
  const { outbox, socket, overflows } = openStuck();
  for (let number = 0; number < 1_000; number += 1) outbox.push(frameOf(60));
  expect(overflows).toHaveLength(1);
  expect(socket.bufferedBytes).toBeLessThanOrEqual(120);
  expect(outbox.bufferedBytes).toBeLessThanOrEqual(120);
});

test("what waits already counts: the limit is looked at within the turn, and not only at its end", () => {
  const { recording, outbox, overflows } = openStuck();
  outbox.push(frameOf(60));
  recording.end();
  outbox.push(frameOf(30));
  expect(overflows).toHaveLength(0);
  outbox.push(frameOf(20));
  expect(overflows).toHaveLength(1);
  expect(outbox.bufferedBytes).toBe(60);
});

test("flushing writes what is due now, and nothing of it later", () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open();
  const lane = new Lane(recording.turn);
  lane.add(outbox);
  outbox.push(text("one"));
  lane.push(text("two"), undefined);
  lane.delete(outbox);
  expect(outbox.flush()).toBe(true);
  expect(socket.texts).toEqual(["one", "two"]);
  outbox.push(text("three"));
  recording.end();
  expect(socket.texts).toEqual(["one", "two", "three"]);
});

test("what is dropped is not written, nor what comes after", () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open();
  const lane = new Lane(recording.turn);
  lane.add(outbox);
  outbox.push(text("one"));
  lane.push(text("two"), undefined);
  outbox.drop();
  outbox.push(text("three"));
  expect(outbox.bufferedBytes).toBe(0);
  lane.delete(outbox);
  expect(outbox.flush()).toBe(true);
  recording.end();
  expect(socket.writes).toEqual([]);
});
