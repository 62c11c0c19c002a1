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

/** A socket that has just taken all it was given has told so. */
const told = () => Promise.resolve();

test("what waits follows when the socket has taken what it had, in the order of the calls", async () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open({ limit: 1 << 20 });
  const lane = new Lane(recording.turn);
  lane.add(outbox);
  socket.isStuck = true;
  const words = Array.from({ length: 40 }, (_, index) => String(index));
  for (const [index, word] of words.entries()) {
    const frame = text(word.padEnd(10_000));
    if (index % 3 === 0) lane.push(frame, undefined);
    else outbox.push(frame);
    if (index % 4 === 0) recording.end();
  }
  recording.end();
  while (outbox.bufferedBytes > 0) {
    expect(socket.bufferedBytes).toBeLessThanOrEqual(64 * 1024);
    socket.drain();
    await told();
  }
  expect(socket.texts.map((each) => each.trimEnd())).toEqual(words);
});

test("what is said while something waits comes behind it, also where the socket has taken everything by then", async () => {
  const { recording, outbox, socket } = openStuck();
  for (const word of ["one", "two", "three"]) {
    outbox.push(text(word.padEnd(25)));
    recording.end();
  }
  expect(socket.writes).toHaveLength(1);
  socket.bufferedBytes = 0;
  outbox.push(text("four"));
  recording.end();
  socket.drain();
  await told();
  expect(socket.texts.map((each) => each.trimEnd())).toEqual(["one", "two", "three", "four"]);
});

test("a frame of more than the limit waits for nobody: where nothing waits, it is taken", async () => {
  const { recording, outbox, socket, overflows } = openStuck();
  const lane = new Lane(recording.turn);
  lane.add(outbox);
  for (const bytes of [5_000, 300]) {
    lane.push(frameOf(bytes), undefined);
    recording.end();
    socket.drain();
    await told();
  }
  expect(socket.bytes.length).toBe(5_300);
  expect(overflows).toEqual([]);
});

test("what waits is taken when its turn comes, also where it alone is more than is written ahead", async () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open({ limit: 1 << 20 });
  socket.isStuck = true;
  const large = text("x".repeat(100_000));
  for (const frame of [frameOf(100), large, frameOf(300)]) {
    outbox.push(frame);
    recording.end();
  }
  const taken: number[] = [];
  while (outbox.bufferedBytes > 0 && taken.length < 3) {
    taken.push(socket.bufferedBytes);
    socket.drain();
    await told();
  }
  expect(taken).toEqual([100, large.length, 300]);
});

test("what it leaves a lane with is never what it is closed for, though more than the limit waits already", async () => {
  const { recording, outbox, socket, overflows } = openStuck();
  const lane = new Lane(recording.turn);
  lane.add(outbox);
  outbox.push(text("begins".padEnd(40)));
  recording.end();
  outbox.push(text("where it stands".padEnd(100)), true);
  recording.end();
  expect(outbox.bufferedBytes).toBeGreaterThan(outbox.limit);
  lane.push(text("said before it left"), undefined);
  lane.delete(outbox);
  recording.end();
  expect(overflows).toEqual([]);
  socket.drain();
  await told();
  expect(socket.texts.map((each) => each.trimEnd())).toEqual(["begins", "where it stands", "said before it left"]);
});

test("who waits for room for something large is told when that fits, or nothing waits", async () => {
  const { recording, outbox, socket } = openStuck();
  const told: string[] = [];
  outbox.push(frameOf(60));
  recording.end();
  outbox.push(frameOf(30));
  recording.end();
  outbox.whenRoomy({ roomy: () => told.push("little") });
  outbox.whenRoomy({ roomy: () => told.push("much") }, 1_000);
  socket.drain();
  await Promise.resolve();
  recording.end();
  expect(told).toEqual(["little"]);
  socket.drain();
  for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
  recording.end();
  expect(told).toEqual(["little", "much"]);
});

test("who waits for room is told once, when half of the outbox is free", async () => {
  const { recording, outbox, socket } = openStuck();
  let roomy = 0;
  const waits = { roomy: () => (roomy += 1) };
  for (const bytes of [30, 20, 40]) {
    outbox.push(frameOf(bytes));
    recording.end();
  }
  expect(outbox.hasRoomFor(0)).toBe(false);
  outbox.whenRoomy(waits);
  recording.end();
  expect(roomy).toBe(0);
  // The 40 bytes that waited are with the socket now: half is free.
  socket.drain();
  await told();
  recording.end();
  expect([outbox.bufferedBytes, outbox.hasRoomFor(0), roomy]).toEqual([40, true, 1]);
  socket.drain();
  await told();
  recording.end();
  expect(roomy).toBe(1);
});

test("until the turn ends, what was deflated for one alone counts as what it was: there is no room past half the limit", () => {
  const recording = new RecordingTurn();
  const { outbox, socket } = recording.open({ limit: 10_000 });
  socket.isCompressing = true;
  for (const bytes of [2_600, 2_600]) {
    expect(outbox.hasRoomFor(0)).toBe(true);
    outbox.push(frameOf(bytes));
  }
  expect(outbox.bufferedBytes).toBeLessThan(200);
  expect(outbox.hasRoomFor(0)).toBe(false);
  recording.end();
  expect(outbox.hasRoomFor(0)).toBe(true);
});

test("who waits for room is told after the turn's writes, and not where they have filled it again", async () => {
  const { recording, outbox, socket } = openStuck();
  const seen: number[] = [];
  outbox.whenRoomy({ roomy: () => seen.push(socket.writes.length) });
  outbox.push(frameOf(60));
  recording.end();
  expect(seen).toEqual([]);
  socket.drain();
  await told();
  recording.end();
  expect(seen).toEqual([1]);
});

test("who does not wait for room any more is not told, nor anybody when all is dropped", async () => {
  const { recording, outbox, socket } = openStuck();
  let roomy = 0;
  const [ana, bob] = [{ roomy: () => (roomy += 1) }, { roomy: () => (roomy += 1) }];
  outbox.push(frameOf(60));
  recording.end();
  for (const each of [ana, bob]) outbox.whenRoomy(each);
  outbox.forgetRoom(ana);
  outbox.drop();
  outbox.whenRoomy(ana);
  socket.drain();
  await told();
  recording.end();
  expect(roomy).toBe(0);
});

test("at its end the socket is given all that waits, and nothing more", async () => {
  const { recording, outbox, socket, overflows } = openStuck();
  for (const word of ["one", "two", "three"]) {
    outbox.push(text(word.padEnd(25)));
    recording.end();
  }
  outbox.push(text("four"));
  outbox.end();
  expect(socket.texts.map((each) => each.trimEnd())).toEqual(["one", "two", "three", "four"]);
  expect(outbox.bufferedBytes).toBe(socket.bufferedBytes);
  outbox.push(text("late"));
  recording.end();
  socket.drain();
  await told();
  expect(socket.texts).toHaveLength(4);
  expect(overflows).toEqual([]);
});

test("it is behind where what its socket was given was not taken, or is more than it takes at once; and no more once all was", () => {
  const recording = new RecordingTurn();
  const told: number[] = [];
  const { outbox, socket } = recording.open({ fellBehind: () => told.push(socket.writes.length) });
  const push = (bytes: number) => {
    outbox.push(frameOf(bytes));
    recording.end();
  };
  push(100);
  expect(outbox.isBehind).toBe(false);
  socket.isStuck = true;
  push(100);
  expect(outbox.isBehind).toBe(false);
  push(100);
  push(100);
  expect(outbox.isBehind).toBe(true);
  expect(told).toEqual([2]);
  // It has taken some: then it takes nothing since now.
  socket.bufferedBytes -= 150;
  push(100);
  expect(outbox.isBehind).toBe(true);
  expect(told).toEqual([2, 4]);
  socket.isStuck = false;
  socket.bufferedBytes = 0;
  push(100);
  expect(outbox.isBehind).toBe(false);
  push(70_000);
  expect(outbox.isBehind).toBe(true);
  expect(told).toEqual([2, 4, 6]);
  expect(outbox.writtenBytes).toBe(socket.bytes.length);
});

test("what waited when all was dropped is remembered", () => {
  const { recording, outbox } = openStuck();
  for (const bytes of [30, 20, 40]) {
    outbox.push(frameOf(bytes));
    recording.end();
  }
  outbox.drop();
  expect([outbox.bufferedBytes, outbox.waitedBytes]).toEqual([50, 90]);
});
