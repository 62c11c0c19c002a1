import { WebSocket } from "ws";
import { browser } from "../../../../src/client/browser.js";
import type { Gap, Origin, Status, SubscriptionStatus } from "../../../../src/client/client.js";
import { createConnect } from "../../../../src/client/connect.js";
import type { Socket } from "../../../../src/client/surroundings.js";
import { Hearing, type Place } from "./hearing.js";
import type { Places } from "./places.js";
import { type Acknowledged, meeting } from "./topics.js";

export interface CrowdClientOptions {
  readonly name: string;
  readonly topics: readonly string[];
  /** Does it look at who is present? */
  readonly isWatching: boolean;
  /** Where it may dial. */
  readonly urls: () => readonly string[];
  /** At which of them it begins. */
  readonly first: number;
  readonly places: Places;
  /** Something has happened to it. */
  readonly changed: () => void;
}

/**
 * A client of the crowd, which dials another process where it has lost its own. What comes over its wire is looked at before
 * the client hears it: it knows which life of a stream it is in, and what is said twice.
 */
export class CrowdClient {
  readonly name: string;
  /** Where it was, and where it dialled, in this act. */
  dialled: string[] = [];
  /** How often it was told of whom that they left. */
  readonly left = new Map<string, number>();
  readonly #options: CrowdClientOptions;
  readonly #client: AnyClient;
  readonly #subscriptions = new Map<string, AnySubscription>();
  readonly #wireFaults: string[] = [];
  #hearings: Map<string, Hearing>;
  #dials = 0;
  #isMortal = false;
  #why = "";

  constructor(options: CrowdClientOptions) {
    this.#options = options;
    this.name = options.name;
    this.#hearings = new Map(options.topics.map((topic) => [topic, new Hearing(topic, undefined)]));
    const connect = createConnect({
      ...browser,
      // Soon, and at different times all the same.
      random: () => Math.random() / 10,
      open: () => this.#dial(),
    });
    // Its types are those of one endpoint, and of each of its channels other ones.
    this.#client = connect<never>(
      "ws://anywhere/ws" as never,
      { token: options.name } as never,
    ) as unknown as AnyClient;
    this.#client.onStatus((_, why) => {
      this.#why = JSON.stringify(why) ?? "";
      this.#statusChanged();
    });
    for (const topic of options.topics) this.#subscribe(topic);
  }

  /** Where it dialled last. */
  get url(): string {
    return this.dialled.at(-1) ?? "";
  }

  get hearings(): readonly Hearing[] {
    return [...this.#hearings.values()];
  }

  /** Has it gone for good, as it was told to? */
  get hasDied(): boolean {
    return this.#isMortal && this.#client.status === "closed";
  }

  /** How it is connected, and why not. */
  get why(): string {
    return `${this.#client.status} ${this.#why}`;
  }

  get isLive(): boolean {
    return this.#client.status === "open" && [...this.#subscriptions.values()].every(({ status }) => status === "live");
  }

  /** Whom it sees where everybody meets; undefined: it does not look. */
  get sees(): readonly string[] | undefined {
    if (!this.#options.isWatching) return undefined;
    return this.#subscriptions.get(meeting.channel)?.presence.members.map(({ id }) => id);
  }

  get faults(): readonly string[] {
    const heard = this.hearings.flatMap(({ topic, faults }) => faults.map((fault) => `${topic}: ${fault}`));
    return [...heard, ...this.#wireFaults].map((fault) => `${this.name}, ${fault}`);
  }

  isOn(topic: string): boolean {
    return this.#subscriptions.has(topic);
  }

  /** From here on what it hears is another act's. */
  begin(): void {
    this.#hearings = new Map(this.hearings.map(({ topic, position }) => [topic, new Hearing(topic, position)]));
    this.#wireFaults.length = 0;
    this.left.clear();
    this.dialled = this.dialled.slice(-1);
  }

  /** When it loses its connection it does not come back. */
  dieWithConnection(): void {
    this.#isMortal = true;
  }

  close(): void {
    this.#client.close();
  }

  /** Rejects where it is not known whether it was taken. */
  async publish(topic: string, n: string): Promise<Acknowledged> {
    const answer = await this.#subscriptions.get(topic)?.publish("said", { n });
    // In which epoch it is not told: whoever has heard it knows.
    return { topic, n, offset: answer?.offset };
  }

  #subscribe(topic: string): void {
    const isHere = topic === meeting.channel;
    const subscription = this.#client.subscribe(topic, {
      presence: isHere && this.#options.isWatching,
      onGap: ({ offset }: Gap) => this.#told(topic, (hearing) => hearing.gap(offset)),
    });
    subscription.on("said", ({ n }, { offset }) => {
      this.#told(topic, (hearing) => {
        hearing.event(n, offset);
        if (hearing.epoch !== undefined && offset !== undefined) {
          this.#options.places.heard(topic, n, { epoch: hearing.epoch, offset });
        }
      });
    });
    subscription.onStatus(() => this.#options.changed());
    if (isHere && this.#options.isWatching) subscription.presence.on("change", () => this.#options.changed());
    this.#subscriptions.set(topic, subscription);
  }

  #told(topic: string, tell: (hearing: Hearing) => void): void {
    const hearing = this.#hearings.get(topic);
    if (hearing !== undefined) tell(hearing);
    this.#options.changed();
  }

  #statusChanged(): void {
    if (this.#isMortal && this.#client.status === "waiting") this.#client.close();
    this.#options.changed();
  }

  #dial(): Socket {
    const urls = this.#options.urls();
    this.dialled.push(urls[(this.#options.first + this.#dials) % urls.length] ?? "");
    this.#dials += 1;
    const socket = new WebSocket(`${this.url.replace("http", "ws")}/ws`, ["tidings.v1"]);
    const newest = new Map<string, number>();
    // The client sets its own handler later, so this one comes first.
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(String(data)) as Message, newest));
    return socket as Socket; // what is called with more than it takes
  }

  /** @param newest the offsets that this connection was told last */
  #hear({ type, channel, offset, payload }: Message, newest: Map<string, number>): void {
    if (channel === undefined) return;
    if (type === "presence") {
      for (const { id } of payload?.left ?? []) this.left.set(id, (this.left.get(id) ?? 0) + 1);
    } else if (type === "subscribed" || type === "gap") {
      const { epoch, offset: place } = payload ?? {};
      if (epoch === undefined || place === undefined) return;
      newest.set(channel, place);
      this.#hearings.get(channel)?.placed({ epoch, offset: place } satisfies Place);
    } else if (type === "said" && offset !== undefined) {
      const last = newest.get(channel) ?? 0;
      if (offset <= last) this.#wireFaults.push(`${channel}: ${offset} is said behind ${last} of one connection`);
      newest.set(channel, offset);
    }
  }
}

/** What is read of a message. */
interface Message {
  readonly type: string;
  readonly channel?: string;
  readonly offset?: number;
  readonly payload?: {
    readonly epoch?: string;
    readonly offset?: number;
    readonly left?: readonly { readonly id: string }[];
  };
}

/** A client, as far as it is used, of whatever topics. */
interface AnyClient {
  readonly status: Status;
  onStatus(listener: (status: Status, why: unknown) => void): void;
  subscribe(topic: string, options: { presence: boolean; onGap: (gap: Gap) => void }): AnySubscription;
  close(): void;
}

interface AnySubscription {
  readonly status: SubscriptionStatus;
  readonly presence: {
    readonly members: readonly { readonly id: string }[];
    on(type: "change", listener: () => void): void;
  };
  on(type: "said", listener: (payload: { readonly n: string }, origin: Origin) => void): void;
  onStatus(listener: () => void): void;
  publish(type: "said", payload: { readonly n: string }): Promise<{ readonly offset: number | undefined }>;
}
