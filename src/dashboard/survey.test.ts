import { expect, test } from "vitest";
import { FakeView, reportOf } from "../../test/support/fake-view.js";
import type { TroubleWord } from "../declare/connection-report.js";
import type { ConnectionView } from "../declare/process-view.js";
import type { Question } from "./contract.js";
import { survey } from "./survey.js";

type Which = "open" | "troubled" | "closed";
const connections = (text = "", which: Which = "open"): Question => ({ ask: "q", about: "connections", text, which });
const channels = (text: string): Question => ({ ask: "q", about: "channels", text });

async function ask(view: FakeView, question: Question) {
  const { found } = await survey(view, [question], async () => {});
  return found[0];
}

async function idsOf(view: FakeView, question: Question): Promise<readonly string[]> {
  const found = await ask(view, question);
  if (found?.about !== "connections") throw new Error(`This lists no connections: ${found?.about}`);
  expect(found.count).toBe(found.rows.length);
  return found.rows.map(({ id }) => id);
}

const since = (sinceMs: number, word: TroubleWord = "over its rate"): Pick<ConnectionView, "trouble"> => ({
  trouble: { word, sinceMs, detail: "as it is" },
});

test.each([
  ["", ["c4", "c3", "c2", "c1"]],
  ["c3", ["c3"]],
  ["ANA", ["c2"]],
  ["10.0.0.", ["c3"]],
  ["/ws/rooms", ["c1"]],
  ["a+b (c", ["c4"]],
  ["nobody", []],
])("a search for %j looks at ids, users, addresses and endpoints", async (text, ids) => {
  const view = new FakeView();
  view.add("c1", { endpoint: "/ws/rooms/:room" });
  view.add("c2", { userId: "Ana" });
  view.add("c3", { address: "10.0.0.7" });
  view.add("c4", { userId: "a+b (c)" });
  expect(await idsOf(view, connections(text))).toEqual(ids);
});

test("who is on a channel is found by its whole name, be it open or among the last closed", async () => {
  const view = new FakeView();
  view.add("c1", { isOn: (channel) => channel === "chat/lobby" });
  view.add("c2", { endpoint: "/channel:chat/lobby" });
  const standing = { channel: "chat/lobby", state: "live", isOwn: true, offset: undefined, behind: 0 } as const;
  view.over.push(reportOf("c3", { channels: [standing] }), reportOf("c4"));
  expect(await idsOf(view, connections("channel:chat/lobby"))).toEqual(["c1"]);
  expect(await idsOf(view, connections("channel:chat/lobby", "closed"))).toEqual(["c3"]);
  expect(await idsOf(view, connections("channel:chat"))).toEqual([]);
});

test("those that are troubled for longest come first, then the newest", async () => {
  const view = new FakeView();
  view.add("oldest");
  view.add("late", since(900));
  view.add("newer");
  view.add("early", since(500));
  view.add("newest");
  expect(await idsOf(view, connections())).toEqual(["early", "late", "newest", "newer", "oldest"]);
  expect(await idsOf(view, connections("", "troubled"))).toEqual(["early", "late"]);
});

test("of very many 200 are told, and how many there are", async () => {
  const view = new FakeView();
  for (let n = 0; n < 3_000; n += 1) view.add(`c${n}`, n === 7 ? since(1) : {});
  const found = await ask(view, connections());
  expect(found).toMatchObject({ count: 3_000, rows: { length: 200 } });
  expect(found).toMatchObject({ rows: expect.arrayContaining([expect.objectContaining({ id: "c2801" })]) });
  expect(found).toMatchObject({ rows: { 0: { id: "c7" }, 1: { id: "c2999" }, 199: { id: "c2801" } } });
});

test("the last that have closed are told with why, the newest first", async () => {
  const view = new FakeView();
  const closed = (atMs: number) => ({ atMs, code: 1013, reason: "slow_consumer", by: "server" as const });
  const troubles = [{ word: "stopped reading" as const, sinceMs: 5, detail: "" }];
  view.over.push(reportOf("b", { stage: "closed", closed: closed(9), troubles }), reportOf("a", { closed: closed(8) }));
  view.add("c");
  expect(await idsOf(view, connections("", "closed"))).toEqual(["b", "a"]);
  expect(await ask(view, connections("b", "closed"))).toMatchObject({
    rows: [
      {
        stage: "closed",
        trouble: { word: "stopped reading", sinceMs: 5 },
        closed: { code: 1013, reason: "slow_consumer" },
      },
    ],
  });
});

test("of very many that have closed the last 200 are told, each with the beginning of its reason", async () => {
  const view = new FakeView();
  const end = { atMs: 9, code: 4000, reason: "r".repeat(123), by: "server" as const };
  for (let n = 0; n < 1_000; n += 1) view.over.push(reportOf(`c${n}`, { closed: end }));
  const found = await ask(view, connections("", "closed"));
  expect(found).toMatchObject({ count: 1_000, rows: { length: 200, 0: { id: "c0" }, 199: { id: "c199" } } });
  expect(found).toMatchObject({ rows: { 0: { closed: { code: 4000, reason: `${"r".repeat(64)}…` } } } });
});

test("a row is short, whatever a user is called, and ends between two characters", async () => {
  const view = new FakeView();
  view.add("c1", { userId: "ä".repeat(40), endpoint: `/ws/${"x".repeat(60)}` });
  const found = await ask(view, connections());
  expect(found).toMatchObject({ rows: [{ user: `${"ä".repeat(32)}…`, endpoint: `/ws/${"x".repeat(60)}` }] });
});

test("one connection is reported in full, be it open or among the last closed; of others nothing is said", async () => {
  const view = new FakeView();
  const open = reportOf("open", { user: "x".repeat(1_000) });
  const over = reportOf("over", { stage: "closed" });
  view.add("open", { report: () => open });
  view.over.push(over);
  const about = (id: string): Question => ({ ask: "q", about: "connection", id });
  expect(await ask(view, about("open"))).toEqual({ about: "connection", report: open });
  expect(await ask(view, about("over"))).toEqual({ about: "connection", report: over });
  expect(await ask(view, about("elsewhere"))).toBeUndefined();
});

test("of channels those that most are on come first", async () => {
  const view = new FakeView();
  const one = { pattern: "chat/:room", behind: 1, offset: 7, events: 9 };
  view.heard.push(
    { ...one, channel: "chat/a", connections: 1 },
    { ...one, channel: "chat/B", connections: 30 },
    { ...one, channel: "news", connections: 5 },
  );
  expect(await ask(view, channels("CHAT/"))).toEqual({
    about: "channels",
    count: 2,
    rows: [
      { ...one, channel: "chat/B", connections: 30 },
      { ...one, channel: "chat/a", connections: 1 },
    ],
  });
});

test("where nothing is found that is said too, and who asks nothing is told nothing", async () => {
  const view = new FakeView();
  expect(await ask(view, connections())).toEqual({ about: "connections", rows: [], count: 0 });
  expect(await ask(view, channels(""))).toEqual({ about: "channels", rows: [], count: 0 });
  expect(await ask(view, { ask: "q", about: "nothing" })).toBeUndefined();
});

test("it looks at all connections once, whatever is asked, and rests after every few thousand", async () => {
  const view = new FakeView();
  for (let n = 0; n < 20_000; n += 1) view.add(`c${n}`, n < 5 ? since(1, n < 3 ? "stopped reading" : "expired") : {});
  let [looks, rests] = [0, 0];
  const looked = view.connections.bind(view);
  view.connections = () => {
    looks += 1;
    return looked();
  };
  const rest = async () => {
    rests += 1;
  };
  const alike = Array.from({ length: 10 }, (_, n) => ({ ...connections("c1"), ask: `${n}` }));
  const { sums, found } = await survey(view, [...alike, connections("c2")], rest);
  expect([looks, rests]).toEqual([1, 11]);
  expect(sums).toEqual({ slow: 3, outboxBytes: 3, waitingBytes: 0 });
  expect(new Set(found).size).toBe(2);
  expect((await survey(view, [], rest)).sums.slow).toBe(3);
});

test("who comes and goes while it rests does not disturb it", async () => {
  const view = new FakeView();
  for (let n = 0; n < 6_000; n += 1) view.add(`c${n}`);
  const { found } = await survey(view, [connections()], async () => {
    view.all.delete("c5999");
    if (!view.all.has("late")) view.add("late");
  });
  expect(found[0]).toMatchObject({ count: 6_000, rows: { 0: { id: "late" }, 1: { id: "c5998" } } });
});
