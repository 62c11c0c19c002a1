import { expect, test } from "vitest";
import { FrameLog, matchesWords, type NewFrame, prettyText } from "./frame-log.js";
import { FrameView } from "./frame-view.js";

test("of more frames than it keeps, the newest are kept in order", () => {
  const log = new FrameLog({ frames: 3 });
  for (const text of ["a", "b", "c", "d", "e"]) log.push(frame(text));
  expect(textsOf(log)).toEqual(["c", "d", "e"]);
  expect([log.size, log.total]).toEqual([3, 5]);
  log.clear();
  log.push(frame("f"));
  expect(textsOf(log)).toEqual(["f"]);
  expect(log.filter(() => true)[0]?.sequence).toBe(6);
});

test("of long texts fewer are kept, and one that is too long is cut", () => {
  const log = new FrameLog({ characters: 10, charactersOfOne: 6 });
  for (const text of ["aaaa", "bbbb", "cccc"]) log.push(frame(text));
  expect(textsOf(log)).toEqual(["bbbb", "cccc"]);
  log.push(frame("dddddddd"));
  expect(textsOf(log)).toEqual(["cccc", "dddddd"]);
  expect(log.filter((each) => each.isCut)).toHaveLength(1);
  log.clear();
  for (const text of ["eeee", "ffff"]) log.push(frame(text));
  expect(textsOf(log)).toEqual(["eeee", "ffff"]);
});

test("a filter asks for each of its words, wherever it stands", () => {
  const log = new FrameLog();
  log.push({ ...frame('{"type":"tick","payload":{"price":3}}'), type: "tick", channel: "prices/BTC" });
  const [tick] = log.filter(() => true);
  if (tick === undefined) throw new Error("There is no frame.");
  expect(["btc price", "in tick", "TICK"].map((words) => matchesWords(tick, words))).toEqual([true, true, true]);
  expect(matchesWords(tick, "btc eth")).toBe(false);
  expect(prettyText(tick)).toBe('{\n  "type": "tick",\n  "payload": {\n    "price": 3\n  }\n}');
});

test("it follows until somebody looks back, holds what they see, and follows again at the end", () => {
  const log = new FrameLog({ frames: 3 });
  const view = new FrameView(log);
  for (const text of ["a", "b", "c"]) log.push(frame(text));
  view.scrolled(false);
  log.push(frame("d"));
  expect(view.shown.map(({ text }) => text)).toEqual(["a", "b", "c"]);
  expect(view.missed).toBe(1);
  view.scrolled(true);
  expect(view.shown.map(({ text }) => text)).toEqual(["b", "c", "d"]);
});

test("paused by a word it stays so, wherever it is scrolled to", () => {
  const log = new FrameLog();
  const view = new FrameView(log);
  log.push(frame("a"));
  view.press("p", 10);
  view.scrolled(true);
  log.push(frame("b"));
  expect(view.shown.map(({ text }) => text)).toEqual(["a"]);
  view.press("p", 10);
  expect(view.shown.map(({ text }) => text)).toEqual(["a", "b"]);
});

test("keys go through the frames, and stop at both ends", () => {
  const log = new FrameLog();
  const view = new FrameView(log);
  for (const text of ["a", "b", "c", "d"]) log.push(frame(text));
  const seen = ["ArrowUp", "ArrowUp", "Home", "ArrowUp", "PageDown", "End", "ArrowDown"].map((key) => {
    expect(view.press(key, 2)).toBe(true);
    return view.selected.value?.text;
  });
  expect(seen).toEqual(["d", "c", "a", "a", "c", "d", "d"]);
  expect(view.press("Escape", 2)).toBe(true);
  expect([view.selected.value, view.held.value, view.press("q", 2)]).toEqual([undefined, undefined, false]);
});

test("heartbeats are out of sight unless they are asked for", () => {
  const log = new FrameLog();
  const view = new FrameView(log);
  log.push({ ...frame('{"type":"ping"}'), type: "ping" });
  log.push(frame("pong"));
  log.push(frame("said"));
  expect(view.shown.map(({ text }) => text)).toEqual(["said"]);
  view.hidesHeartbeat.value = false;
  expect(view.shown).toHaveLength(3);
  view.words.value = "SAID";
  expect(view.shown).toHaveLength(1);
});

function frame(text: string): NewFrame {
  return {
    atMs: 0,
    direction: "in",
    type: "text",
    channel: undefined,
    id: undefined,
    bytes: text.length,
    preview: text,
    text,
  };
}

function textsOf(log: FrameLog): string[] {
  return log.filter(() => true).map(({ text }) => text);
}
