import { expect, test } from "vitest";
import { ChannelBook } from "./channel-book.js";

const channel = "chat/lobby";

test("a position follows the events, and a gap is counted", () => {
  const book = new ChannelBook();
  const subscribed = { epoch: "k3", offset: 41, recovered: true, state: { price: 3 } };
  book.hear({ type: "subscribed", channel, payload: subscribed }, 0);
  expect(book.find(channel)).toMatchObject({
    isOn: true,
    epoch: "k3",
    offset: 41,
    recovered: true,
    state: { value: { price: 3 } },
  });
  book.hear({ type: "said", channel, offset: 42, payload: {} }, 1);
  expect(book.find(channel)).toMatchObject({ offset: 42, events: 1, gaps: 0 });
  book.hear({ type: "gap", channel, payload: { epoch: "k4", offset: 90 } }, 7);
  expect(book.find(channel)).toMatchObject({
    epoch: "k4",
    offset: 90,
    gaps: 1,
    lastGapAtMs: 7,
    state: { value: { price: 3 } },
  });
});

test("members come and go: who left counts before who joined", () => {
  const book = new ChannelBook();
  book.hear({ type: "subscribed", channel, payload: { members: [{ id: "ana" }, { id: "bob" }] } }, 0);
  book.hear(
    {
      type: "presence",
      channel,
      payload: { left: [{ id: "bob" }], joined: [{ id: "bob", name: "B" }, { id: "eve" }] },
    },
    0,
  );
  expect([...(book.find(channel)?.members ?? [])]).toEqual([
    ["ana", { id: "ana" }],
    ["bob", { id: "bob", name: "B" }],
    ["eve", { id: "eve" }],
  ]);
  book.hear({ type: "presence", channel, payload: { left: [{ id: "ana" }, { id: "stranger" }] } }, 0);
  expect([...(book.find(channel)?.members?.keys() ?? [])]).toEqual(["bob", "eve"]);
  book.hear({ type: "presence", channel, payload: { members: [{ id: "zoe" }] } }, 0);
  expect([...(book.find(channel)?.members?.keys() ?? [])]).toEqual(["zoe"]);
  book.hear({ type: "presence", channel, payload: { count: 4_000 } }, 0);
  expect(book.find(channel)).toMatchObject({ memberCount: 4_000 });
});

test("an answer about a channel is no event of it, and an error changes nothing", () => {
  const book = new ChannelBook();
  book.hear({ type: "error", channel, payload: { code: "forbidden" } }, 0);
  expect(book.find(channel)).toBeUndefined();
  book.hear({ type: "subscribed", channel, payload: {} }, 0);
  book.hear({ type: "reply", channel, payload: { members: [{ id: "ana" }] } }, 0);
  expect(book.find(channel)).toMatchObject({ events: 0, members: new Map([["ana", { id: "ana" }]]) });
});

test("who is taken off is told why, and knows no members any more", () => {
  const book = new ChannelBook();
  book.hear({ type: "subscribed", channel, payload: { members: [] } }, 0);
  book.hear({ type: "unsubscribed", channel, payload: { code: "forbidden" } }, 0);
  expect(book.find(channel)).toMatchObject({ isOn: false, takenOff: "forbidden", members: undefined });
});

test("of more channels than it keeps, those that were heard of last are kept", () => {
  const book = new ChannelBook(2);
  for (const name of ["a", "b", "a", "c"]) book.hear({ type: "said", channel: name, payload: {} }, 0);
  expect(book.standings.map(({ name }) => name)).toEqual(["a", "c"]);
});
