import type {
  Client,
  Gap,
  Origin,
  Presence,
  Status,
  Subscription,
  SubscriptionStatus,
} from "../../src/client/client.js";
import type { Carries, ChannelContract, EndpointContract } from "../../src/declare/contract.js";
import type { TaskId, TaskState, TasksContract } from "../../src/declare/task.js";
import { TidingsError } from "../../src/protocol/tidings-error.js";

/** What the tests of the hooks connect to. */
interface Desk extends EndpointContract {
  readonly path: "/ws";
  readonly sends: { readonly hint: { readonly text: string } };
  readonly channels: {
    readonly "prices/:symbol": Prices;
    readonly "seats/:room/:row": Seats;
    readonly news: News;
    readonly "$tasks/:user": TasksContract;
  };
}
interface Prices extends ChannelContract {
  readonly pattern: "prices/:symbol";
  readonly events: { readonly tick: { readonly price: number }; readonly halt: { readonly why: string } };
  readonly state: { readonly price: number };
  readonly member: never;
  readonly history: true;
}
interface Seats extends ChannelContract {
  readonly pattern: "seats/:room/:row";
  readonly events: { readonly taken: { readonly by: string } };
  readonly member: { readonly id: string };
  readonly history: false;
}
interface News extends ChannelContract {
  readonly pattern: "news";
  readonly events: { readonly item: { readonly title: string } };
  readonly member: { readonly id: string };
  readonly history: false;
}
export type DeskClient = Client<Desk>;
/** What `typeof desk` would be, were it declared. */
export interface DeskEndpoint extends Carries<Desk> {
  readonly path: "/ws";
}

/** A client without a server: it does what the test says, and remembers what the hooks wanted of it. */
export class FakeClient {
  status: Status = "connecting";
  closings = 0;
  /** How often it was listened to, however long. */
  listenings = 0;
  /** All that were ever made, in that order. */
  readonly subscriptions: FakeSubscription[] = [];
  /** What a new subscription does before the one who asked for it goes on. */
  whenSubscribed: (subscription: FakeSubscription) => void = () => {};
  readonly tasks = new FakeTasks();
  readonly #statuses = new Listeners<[status: Status]>();
  readonly #heard = new Listeners<[payload: unknown, origin: Origin]>();

  /** What the hooks are given. They use no more of a client than there is here. */
  get asClient(): DeskClient {
    return this as unknown as DeskClient;
  }

  /** Those that were not ended. */
  get live(): FakeSubscription[] {
    return this.subscriptions.filter(({ isEnded }) => !isEnded);
  }

  get listenerCount(): number {
    return this.#statuses.count + this.#heard.count + this.tasks.listenerCount;
  }

  onStatus(listener: (status: Status) => void): () => void {
    return this.#statuses.add("status", listener);
  }

  on(type: string, listener: (payload: unknown, origin: Origin) => void): () => void {
    this.listenings += 1;
    return this.#heard.add(type, listener);
  }

  subscribe(pattern: string, ...args: unknown[]): Subscription {
    const subscription = new FakeSubscription(pattern, args);
    this.subscriptions.push(subscription);
    this.whenSubscribed(subscription);
    return subscription as unknown as Subscription;
  }

  close(): void {
    this.closings += 1;
    this.turn("closed");
  }

  turn(status: Status): void {
    this.status = status;
    this.#statuses.call("status", status);
  }

  say(type: string, payload: unknown, origin: Origin = {}): void {
    this.#heard.call(type, payload, origin);
  }
}

export class FakeSubscription {
  readonly pattern: string;
  readonly params: unknown;
  readonly options: FakeOptions;
  status: SubscriptionStatus = "subscribing";
  error: TidingsError | undefined;
  state: unknown;
  isEnded = false;
  readonly presence: FakePresence = new FakePresence();
  readonly #statuses = new Listeners<[status: SubscriptionStatus]>();
  readonly #events = new Listeners<[payload: unknown, origin: Origin]>();

  constructor(pattern: string, args: readonly unknown[]) {
    this.pattern = pattern;
    this.params = pattern.includes(":") ? args[0] : undefined;
    this.options = args[pattern.includes(":") ? 1 : 0] as FakeOptions;
  }

  get listenerCount(): number {
    return this.#statuses.count + this.#events.count + this.presence.listenerCount;
  }

  onStatus(listener: (status: SubscriptionStatus) => void): () => void {
    return this.#statuses.add("status", listener);
  }

  on(type: string, listener: (payload: unknown, origin: Origin) => void): () => void {
    return this.#events.add(type, listener);
  }

  async unsubscribe(): Promise<void> {
    this.isEnded = true;
  }

  goLive(): void {
    this.status = "live";
    this.#statuses.call("status", "live");
  }

  lose(code: string): void {
    this.status = "lost";
    this.error = new TidingsError(code);
    this.#statuses.call("status", "lost");
  }

  say(type: string, payload: unknown, origin: Origin = {}): void {
    this.#events.call(type, payload, origin);
  }

  load(state: unknown): void {
    this.state = state;
    this.options.onState(state);
  }
}

interface FakeOptions {
  readonly rewind?: number;
  readonly presence?: boolean;
  readonly onGap: (gap: Gap) => void;
  readonly onState: (state: unknown) => void;
}

class FakePresence implements Presence<unknown> {
  members: readonly unknown[] = [];
  count = 0;
  readonly #changes = new Listeners<[members: readonly unknown[], count: number]>();

  get listenerCount(): number {
    return this.#changes.count;
  }

  on(type: "change", listener: (members: readonly unknown[], count: number) => void): () => void {
    return this.#changes.add(type, listener);
  }

  become(members: readonly unknown[], count: number = members.length): void {
    this.members = members;
    this.count = count;
    this.#changes.call("change", members, count);
  }
}

class FakeTasks {
  readonly all = new Map<string, TaskState>();
  readonly #news = new Listeners<[task: TaskState]>();

  get listenerCount(): number {
    return this.#news.count;
  }

  on(type: string, listener: (task: TaskState) => void): () => void {
    return this.#news.add(type, listener);
  }

  tell(id: TaskId, progress: number): void {
    const task: TaskState = {
      id,
      channel: "$tasks/ana",
      status: "started",
      progress,
      timestamp: "2026-01-01T00:00:00.000Z",
    };
    this.all.set(id, task);
    this.#news.call("change", task);
  }
}

class Listeners<Args extends readonly unknown[]> {
  readonly #added: { readonly type: string; readonly listener: (...args: Args) => void }[] = [];

  get count(): number {
    return this.#added.length;
  }

  add(type: string, listener: (...args: Args) => void): () => void {
    const entry = { type, listener };
    this.#added.push(entry);
    return () => {
      const index = this.#added.indexOf(entry);
      if (index !== -1) this.#added.splice(index, 1);
    };
  }

  call(type: string, ...args: Args): void {
    for (const entry of [...this.#added]) if (entry.type === type) entry.listener(...args);
  }
}
