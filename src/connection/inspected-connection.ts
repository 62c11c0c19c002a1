import type {
  ChannelStanding,
  ConnectionEnd,
  ConnectionReport,
  ConnectionStage,
  Trouble,
  TroubleWord,
} from "../declare/connection-report.js";
import type { ConnectionView } from "../declare/process-view.js";
import type { Membership } from "../hub/membership.js";
import type { LiveConnection } from "./live-connection.js";

/** Channels that a report lists; how many there are it says anyway. */
const LISTED_CHANNELS = 50;

/** A connection as whoever watches sees it. Made while somebody looks; a connection itself holds none. */
export class InspectedConnection implements ConnectionView {
  readonly #connection: LiveConnection;

  constructor(connection: LiveConnection) {
    this.#connection = connection;
  }

  get id(): string {
    return this.#connection.id;
  }

  get endpoint(): string {
    return this.#connection.route.endpoint.pattern.source;
  }

  get userId(): string | undefined {
    return this.#connection.user?.id;
  }

  get address(): string {
    return this.#connection.address;
  }

  get openedAtMs(): number {
    return this.#connection.record.openedAtMs;
  }

  get stage(): ConnectionStage {
    return this.#connection.stage;
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  get waitingBytes(): number {
    return this.#connection.waitingBytes;
  }

  get trouble(): Trouble | undefined {
    return this.#troubles[0];
  }

  has(word: TroubleWord): boolean {
    return this.#troubles.some((trouble) => trouble.word === word);
  }

  isOn(channel: string): boolean {
    return this.#connection.memberships?.has(channel) === true;
  }

  /** @param closed where it is just being closed: all is as it was until then */
  report(closed?: ConnectionEnd | undefined): ConnectionReport {
    const connection = this.#connection;
    const { record, outbox } = connection;
    const memberships = [...(connection.memberships?.values() ?? [])];
    return {
      id: this.id,
      endpoint: this.endpoint,
      user: this.userId,
      address: this.address,
      isOurClient: connection.isOurClient,
      openedAtMs: this.openedAtMs,
      stage: closed === undefined ? this.stage : "closed",
      troubles: this.#troubles,
      heardAtMs: record.heardAtMs,
      expiresAtMs: connection.expiresAtMs,
      outbox: { bytes: outbox.waitedBytes, limit: outbox.limit },
      waiting: {
        messages: connection.waitingItems,
        bytes: connection.waitingBytes,
        isPaused: connection.isPaused,
      },
      rates: connection.ratesLeft,
      channels: memberships.slice(0, LISTED_CHANNELS).map(standingOf),
      channelCount: memberships.length,
      counts: {
        messagesReceived: record.messagesReceived,
        bytesReceived: record.bytesReceived,
        bytesWritten: outbox.writtenBytes,
        errorsAnswered: record.errorsAnswered,
      },
      errors: [...record.errors],
      closed,
    };
  }

  get #troubles(): readonly Trouble[] {
    const connection = this.#connection;
    return connection.record.troublesOf({
      isBehind: connection.outbox.isBehind,
      outboxBytes: connection.outbox.waitedBytes,
      outboxLimit: connection.outbox.limit,
      waitingMessages: connection.waitingItems,
      waitingBytes: connection.waitingBytes,
      isBusy: connection.isBusy || connection.isOpening,
      expiresAtMs: connection.expiresAtMs,
      expiryGraceMs: connection.route.limits.expiryGrace,
      unansweredSinceMs: connection.unansweredSinceMs,
    });
  }
}

function standingOf(membership: Membership): ChannelStanding {
  const { audience, isOwn, standing } = membership;
  const { offset } = audience.position;
  return {
    channel: audience.channel,
    state: standing.state,
    isOwn,
    offset: audience.hasHistory ? offset : undefined,
    behind: audience.hasHistory ? Math.max(0, offset - (standing.offset ?? offset)) : 0,
  };
}
