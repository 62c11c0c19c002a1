import { hostname } from "node:os";
import type { Stats } from "../declare/app.js";
import type { ProcessView } from "../declare/process-view.js";
import type { ProcessSample } from "./contract.js";

export interface SampleGiven {
  readonly view: ProcessView;
  readonly stats: Stats;
  readonly atMs: number;
  /** Connections that have stopped reading. */
  readonly slow: number;
}

/** What this process tells of itself. */
export function sampleOf({ view, stats, atMs, slow }: SampleGiven): ProcessSample {
  const loop = view.loopDelay();
  const { rss, heapUsed } = process.memoryUsage();
  const cpu = process.cpuUsage();
  return {
    process: view.process,
    name: `${hostname()} ${process.pid}`,
    atMs,
    startedAtMs: view.startedAtMs,
    connections: stats.connections,
    users: stats.users,
    channels: stats.channels,
    outboxBytes: stats.outboxBytes,
    waitingBytes: stats.waitingBytes,
    slow,
    isBrokerAway: stats.isBrokerAway,
    brokerOutages: stats.brokerOutages,
    loopDelayMs: loop.medianMs,
    loopDelayMaxMs: loop.maxMs,
    rssBytes: rss,
    heapBytes: heapUsed,
    cpuMicros: cpu.user + cpu.system,
    opened: stats.connectionsOpened,
    closed: stats.connectionsClosed,
    refused: stats.handshakesRefused,
    messagesReceived: stats.messagesReceived,
    messagesSent: stats.messagesSent,
    bytesReceived: stats.bytesReceived,
    bytesSent: stats.bytesWritten,
    eventsPublished: stats.eventsPublished,
    errorsAnswered: stats.errorsAnswered,
    handlerErrors: stats.handlerErrors,
    rateLimited: stats.rateLimited,
    slowConsumers: stats.slowConsumers,
    eventsDropped: stats.eventsDropped,
    gaps: stats.gaps,
  };
}
