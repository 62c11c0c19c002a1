import { expect, test } from "vitest";
import type { Stats } from "../declare/app.js";
import { type Counters, createCounters } from "./observe.js";
import { plainFamilies } from "./plain-families.js";

/** What each metric is the value of. */
const sources: Readonly<Record<string, keyof Counters | keyof Stats | "slow">> = {
  websocket_users: "users",
  websocket_channels: "channels",
  websocket_slow_connections: "slow",
  websocket_pending_handshakes: "pending",
  websocket_outbox_bytes: "outboxBytes",
  websocket_inbox_bytes: "waitingBytes",
  websocket_connections_opened_total: "connectionsOpened",
  websocket_messages_received_total: "messagesReceived",
  websocket_received_bytes_total: "bytesReceived",
  websocket_messages_sent_total: "messagesSent",
  websocket_sent_bytes_total: "bytesWritten",
  websocket_writes_total: "writes",
  websocket_events_published_total: "eventsPublished",
  websocket_events_encoded_total: "framesEncoded",
  websocket_events_replayed_total: "eventsReplayed",
  websocket_gaps_total: "gaps",
  websocket_presence_changes_total: "presenceChanges",
  websocket_handler_errors_total: "handlerErrors",
  websocket_rate_limited_total: "rateLimited",
  websocket_ping_timeouts_total: "pingTimeouts",
  websocket_broker_outages_total: "brokerOutages",
};

test("each is the number that it is called after", () => {
  const names = [
    ...Object.keys(createCounters()),
    "users",
    "channels",
    "pending",
    "outboxBytes",
    "waitingBytes",
    "slow",
  ];
  const numberOf = (name: string) => 100 + names.indexOf(name);
  // Every number is another.
  const numbers = Object.fromEntries(names.map((name) => [name, numberOf(name)]));
  const stats = { ...numbers, isBrokerAway: false } as unknown as Stats;
  const counters = numbers as unknown as Counters;
  const families = plainFamilies({ stats, counters, slowConnections: numberOf("slow") });
  const shown = Object.fromEntries(families.map(({ name, samples }) => [name, samples[0]?.value]));
  const expected = Object.entries(sources).map(([metric, name]) => [metric, numberOf(name)]);
  expect(shown).toEqual({ ...Object.fromEntries(expected), websocket_broker_up: 1 });
});

test("a broker that is away is not up", () => {
  const stats = { isBrokerAway: true } as Stats; // of the others nothing is read here
  const [up] = plainFamilies({ stats, counters: createCounters(), slowConnections: 0 }).filter(
    ({ name }) => name === "websocket_broker_up",
  );
  expect(up?.samples[0]?.value).toBe(0);
});
