import type { ConnectionReport } from "../../src/declare/connection-report.js";
import type { ChannelView, ConnectionView, ProcessFigures, ProcessView } from "../../src/declare/process-view.js";
import { createCounters } from "../../src/observe/observe.js";

/** A process as a test says it is, and may change it. */
export class FakeView implements ProcessView {
  readonly process: string;
  readonly startedAtMs = 1_000;
  readonly all = new Map<string, ConnectionView>();
  readonly over: ConnectionReport[] = [];
  readonly heard: ChannelView[] = [];
  isBrokerAway = false;

  constructor(process = "p1") {
    this.process = process;
  }

  /** Adds one. Those that are added later are newer. */
  add(id: string, more: Partial<ConnectionView> = {}): void {
    const bufferedBytes = more.trouble?.word === "stopped reading" ? 1 : 0;
    const view = { ...connectionOf(id), bufferedBytes, openedAtMs: this.all.size, ...more };
    const { report = () => reportOf(id), has = (word) => view.trouble?.word === word } = more;
    this.all.set(id, { ...view, report, has });
  }

  figures(): ProcessFigures {
    const now = { users: 0, channels: 0, pending: 0, blocked: [] };
    return { ...createCounters(), ...now, connections: this.all.size, isBrokerAway: this.isBrokerAway };
  }

  loopDelay(): { readonly medianMs: number; readonly maxMs: number } {
    return { medianMs: 0.5, maxMs: 3 };
  }

  connections(): Iterable<ConnectionView> {
    return this.all.values();
  }

  connection(id: string): ConnectionView | undefined {
    return this.all.get(id);
  }

  closed(): Iterable<ConnectionReport> {
    return this.over;
  }

  channels(): Iterable<ChannelView> {
    return this.heard;
  }
}

function connectionOf(id: string): Omit<ConnectionView, "report" | "has"> {
  return {
    id,
    endpoint: "/ws",
    userId: undefined,
    address: "127.0.0.1",
    openedAtMs: 0,
    stage: "open",
    bufferedBytes: 0,
    waitingBytes: 0,
    trouble: undefined,
    isOn: () => false,
  };
}

/** Of one that nothing is wrong with. */
export function reportOf(id: string, more: Partial<ConnectionReport> = {}): ConnectionReport {
  return {
    id,
    endpoint: "/ws",
    user: undefined,
    address: "127.0.0.1",
    isOurClient: true,
    openedAtMs: 0,
    stage: "open",
    troubles: [],
    heardAtMs: 0,
    expiresAtMs: undefined,
    outbox: { bytes: 0, limit: 1_000 },
    waiting: { messages: 0, bytes: 0, isPaused: false },
    rates: [],
    channels: [],
    channelCount: 0,
    counts: { messagesReceived: 0, bytesReceived: 0, bytesWritten: 0, errorsAnswered: 0 },
    errors: [],
    closed: undefined,
    ...more,
  };
}
