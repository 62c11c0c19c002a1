import { hostname } from "node:os";
import type { ProcessFigures, ProcessView } from "../declare/process-view.js";
import type { ProcessSample } from "./contract.js";
import type { Sums } from "./survey.js";

export interface SampleGiven {
  readonly view: ProcessView;
  readonly figures: ProcessFigures;
  readonly sums: Sums;
  readonly atMs: number;
}

/** What this process tells of itself. */
export function sampleOf({ view, figures, sums, atMs }: SampleGiven): ProcessSample {
  const loop = view.loopDelay();
  const { rss, heapUsed } = process.memoryUsage();
  const cpu = process.cpuUsage();
  return {
    process: view.process,
    name: `${hostname()} ${process.pid}`,
    atMs,
    startedAtMs: view.startedAtMs,
    connections: figures.connections,
    users: figures.users,
    channels: figures.channels,
    ...sums,
    isBrokerAway: figures.isBrokerAway,
    brokerOutages: figures.brokerOutages,
    loopDelayMs: loop.medianMs,
    loopDelayMaxMs: loop.maxMs,
    rssBytes: rss,
    heapBytes: heapUsed,
    cpuMicros: cpu.user + cpu.system,
    opened: figures.connectionsOpened,
    closed: figures.connectionsClosed,
    refused: figures.handshakesRefused,
    messagesReceived: figures.messagesReceived,
    messagesSent: figures.messagesSent,
    bytesReceived: figures.bytesReceived,
    bytesSent: figures.bytesWritten,
    eventsPublished: figures.eventsPublished,
    errorsAnswered: figures.errorsAnswered,
    handlerErrors: figures.handlerErrors,
    rateLimited: figures.rateLimited,
    slowConsumers: figures.slowConsumers,
    eventsDropped: figures.eventsDropped,
    gaps: figures.gaps,
  };
}
