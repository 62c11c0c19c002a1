import type { BrokerEvent, BrokerNode, Position, PresenceChange, Revocation } from "../../src/broker/broker.js";

export interface Disconnect {
  readonly user: string;
  readonly code: number;
  readonly reason: string;
}

/** Keeps what a broker tells one process, in order. */
export class RecordingNode implements BrokerNode {
  readonly events: BrokerEvent[] = [];
  readonly changes: PresenceChange[] = [];
  /** Where a channel's stream was told to go on. */
  readonly skips: ({ readonly channel: string } & Position)[] = [];
  readonly disconnects: Disconnect[] = [];
  readonly revocations: Revocation[] = [];
  /** Channels whose members it was told to read anew. */
  readonly readAnew: string[] = [];
  readonly failures: unknown[] = [];
  /** The reason of each time that the broker went away, and `"back"` where it came back. */
  readonly outages: unknown[] = [];
  /** What a test says it is. */
  connectionCount = 0;
  /** Topic and what was said on it. */
  readonly notices: [topic: string, said: unknown][] = [];
  /** What is done when an event is told. */
  onEvent: ((event: BrokerEvent) => void) | undefined;
  /** What is done when it is told who is present. */
  onChange: ((change: PresenceChange) => void) | undefined;
  readonly #waiting: (() => void)[] = [];

  deliver(event: BrokerEvent): void {
    this.events.push(event);
    this.#tell();
    this.onEvent?.(event);
  }

  meet(change: PresenceChange): void {
    this.changes.push(change);
    this.#tell();
    this.onChange?.(change);
  }

  skip(channel: string, { epoch, offset }: Position): void {
    this.skips.push({ channel, epoch, offset });
    this.#tell();
  }

  meetAnew(channel: string): void {
    this.readAnew.push(channel);
    this.#tell();
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }

  away(reason: unknown): void {
    this.outages.push(reason);
    this.#tell();
  }

  back(): void {
    this.outages.push("back");
    this.#tell();
  }

  disconnectUser(user: string, code: number, reason: string): void {
    this.disconnects.push({ user, code, reason });
    this.#tell();
  }

  revoke(revocation: Revocation): void {
    this.revocations.push(revocation);
    this.#tell();
  }

  notified(topic: string, json: string): void {
    this.notices.push([topic, JSON.parse(json)]);
    this.#tell();
  }

  /** The payloads of a channel's events, in order. */
  heard(channel: string): unknown[] {
    return this.events.filter((event) => event.channel === channel).map(({ payloadJson }) => JSON.parse(payloadJson));
  }

  /** Who came to a channel and went, in order, such as `+ana` and `-ana`. */
  met(channel: string): string[] {
    return this.changes
      .filter((change) => change.channel === channel)
      .flatMap(({ joined, left }) => [...joined.map(({ id }) => `+${id}`), ...left.map(({ id }) => `-${id}`)]);
  }

  /** Resolves when this holds, which is looked at whenever something was told. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
