import { expect, test } from "vitest";
import type { EndpointDoc } from "./api.js";
import { ChannelBook, type Heard } from "./channel-book.js";
import { heardBy } from "./heard-channels.js";

const endpoint = {
  channels: [
    channelOf("chat/:room", "yes", ["said", "edited"]),
    channelOf("prices/:symbol", "asked", ["tick"]),
    channelOf("inbox/:user", "no", ["notice"]),
    { ...channelOf("$tasks/:user", "no", ["task_queued"]), tasks: true },
  ],
  hears: [{ type: "hint" }],
} as unknown as EndpointDoc; // of which no more is looked at

test("without a connection code subscribes to nothing, and hears what can come by itself", () => {
  expect(heardBy(endpoint, [])).toEqual({ channel: undefined, hears: ["hint", "notice"] });
});

test("code subscribes to what was subscribed to last, and not to what the server has joined", () => {
  const book = heardIn(
    { type: "subscribed", channel: "chat/joined", payload: {} },
    { type: "subscribed", channel: "prices/BTC", id: 1, payload: {} },
    { type: "subscribed", channel: "chat/mine", id: 2, payload: {} },
    { type: "tick", channel: "prices/BTC", payload: {} },
  );
  expect(heardBy(endpoint, book.standings)).toEqual({
    channel: { pattern: "chat/:room", name: "chat/mine", params: { room: "mine" }, events: ["said", "edited"] },
    hears: ["hint", "said", "edited", "notice"],
  });
  book.hear({ type: "unsubscribed", channel: "chat/mine", id: 3, payload: undefined }, 9);
  expect(heardBy(endpoint, book.standings).channel?.name).toBe("prices/BTC");
});

test("a task is known by its id once it was heard of", () => {
  const book = heardIn({ type: "task_queued", channel: "$tasks/alice", payload: { task: "t7", name: "export" } });
  expect([book.hasTask("t7"), book.hasTask("t8"), book.hasTask({ id: "t7" })]).toEqual([true, false, false]);
});

function heardIn(...messages: readonly Heard[]): ChannelBook {
  const book = new ChannelBook();
  for (const [at, message] of messages.entries()) book.hear(message, at);
  return book;
}

function channelOf(pattern: string, subscribe: string, events: readonly string[]) {
  return { pattern, subscribe, tasks: false, events: events.map((type) => ({ type })) };
}
