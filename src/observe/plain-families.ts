import type { Stats } from "../declare/app.js";
import type { MetricFamily } from "../declare/metric-family.js";
import type { Counters } from "./observe.js";

export interface PlainFacts {
  readonly stats: Stats;
  readonly counters: Counters;
  readonly slowConnections: number;
}

/** The metrics that are one number each. */
export function plainFamilies(facts: PlainFacts): readonly MetricFamily[] {
  return PLAIN.map(([name, help, read]) => ({
    name,
    help,
    type: name.endsWith("_total") ? "counter" : "gauge",
    labelNames: [],
    samples: [{ name, labels: {}, value: read(facts) }],
  }));
}

type Row = readonly [name: string, help: string, read: (facts: PlainFacts) => number];

const PLAIN: readonly Row[] = [
  ["websocket_users", "Users with an open connection to this process.", ({ stats }) => stats.users],
  ["websocket_channels", "Channels that somebody of this process is on.", ({ stats }) => stats.channels],
  [
    "websocket_slow_connections",
    "Connections whose socket does not take what it is sent.",
    ({ slowConnections }) => slowConnections,
  ],
  ["websocket_pending_handshakes", "Handshakes and connections that are not open yet.", ({ stats }) => stats.pending],
  ["websocket_outbox_bytes", "Bytes that wait for sockets.", ({ stats }) => stats.outboxBytes],
  ["websocket_inbox_bytes", "Bytes that wait for handlers.", ({ stats }) => stats.waitingBytes],
  ["websocket_broker_up", "1 while the broker can be reached, else 0.", ({ stats }) => (stats.isBrokerAway ? 0 : 1)],
  [
    "websocket_connections_opened_total",
    "Handshakes that were accepted.",
    ({ counters }) => counters.connectionsOpened,
  ],
  ["websocket_messages_received_total", "Messages from clients.", ({ counters }) => counters.messagesReceived],
  [
    "websocket_received_bytes_total",
    "Bytes of messages from clients; of text, its letters.",
    ({ counters }) => counters.bytesReceived,
  ],
  [
    "websocket_messages_sent_total",
    "Messages to clients, the protocol's own included.",
    ({ counters }) => counters.messagesSent,
  ],
  ["websocket_sent_bytes_total", "Bytes of frames to clients.", ({ counters }) => counters.bytesWritten],
  [
    "websocket_writes_total",
    "Writes to sockets; what is due at one time goes together.",
    ({ counters }) => counters.writes,
  ],
  ["websocket_events_published_total", "Events said on channels.", ({ counters }) => counters.eventsPublished],
  ["websocket_events_encoded_total", "Events made a frame, once for all.", ({ counters }) => counters.framesEncoded],
  [
    "websocket_events_replayed_total",
    "Events sent out of a channel's history.",
    ({ counters }) => counters.eventsReplayed,
  ],
  ["websocket_gaps_total", "Times that a connection was told that events are lost.", ({ counters }) => counters.gaps],
  [
    "websocket_presence_changes_total",
    "Members that joined or left a channel.",
    ({ counters }) => counters.presenceChanges,
  ],
  [
    "websocket_handler_errors_total",
    "Errors that no client was told the cause of.",
    ({ counters }) => counters.handlerErrors,
  ],
  ["websocket_rate_limited_total", "Messages that were one too many.", ({ counters }) => counters.rateLimited],
  ["websocket_ping_timeouts_total", "Connections that answered no ping.", ({ counters }) => counters.pingTimeouts],
  ["websocket_broker_outages_total", "Times that the broker went away.", ({ counters }) => counters.brokerOutages],
];
