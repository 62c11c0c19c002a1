import type { Gap, Status, SubscriptionStatus } from "../../src/client/client.js";
import { TidingsError } from "../../src/protocol/tidings-error.js";
import type { AnyClient, AnySubscription } from "./any-client.js";
import { Conduct } from "./conduct.js";
import { Hearing } from "./hearing.js";
import type { Ledger } from "./ledger.js";
import type { Asking } from "./program.js";
import { type Kind, type KindName, kinds } from "./promising-app.js";
import type { TaskTruth } from "./task-truth.js";

export interface ActorOptions {
  readonly name: string;
  readonly user: string;
  /** @param openings how often it came to be open */
  readonly connect: (openings: () => number, conduct: Conduct) => AnyClient;
  readonly retryOn: readonly number[];
  readonly ledger: Ledger;
  readonly truth: TaskTruth;
  readonly nowMs: () => number;
  readonly losses: () => number;
  readonly mayOverflow: boolean;
  /** Does the server take only so much? */
  readonly isRated: boolean;
  readonly createN: () => number;
  /** How often this message was handled. */
  readonly handled: (n: number) => number;
  readonly note: (what: string) => void;
  readonly violate: (what: string) => void;
}

interface Held {
  readonly subscription: AnySubscription;
  readonly hearing: Hearing;
}

interface Told {
  readonly n: number;
  readonly wasAccepted: boolean;
  /** Must it have been handled, if nothing was lost since this opening? */
  readonly opening: number;
}

/** One client, all that it does, and all that it was promised. */
export class Actor {
  readonly name: string;
  readonly user: string;
  client: AnyClient;
  readonly #options: ActorOptions;
  #held: Held[] = [];
  readonly #pending = new Map<number, string>();
  #told: Told[] = [];
  /** How often it came to be open. */
  #openings = 0;
  #status: Status = "connecting";
  #sinceMs = 0;
  /** Does nothing pass to it, or from it? */
  isSilent = false;
  /** Was there something, since it opened, for which its token may not have been renewed in time? */
  #wasTroubled = false;
  #conduct: Conduct;
  /** What it hears without a subscription, of a channel that the server puts it on. */
  #overheard: Hearing;
  /** The tasks that its client has heard of. */
  readonly #tasks = new Set<string>();

  constructor(options: ActorOptions) {
    this.#options = options;
    this.name = options.name;
    this.user = options.user;
    [this.client, this.#conduct, this.#overheard] = this.#connect();
  }

  /** Closes for good; another client takes its place. */
  replace(): void {
    this.leave();
    this.isSilent = false;
    [this.client, this.#conduct, this.#overheard] = this.#connect();
  }

  leave(): void {
    for (const { hearing } of this.#held) hearing.end();
    this.#overheard.end();
    this.#held = [];
    this.#told = [];
    this.client.close();
    if (this.client.status !== "closed") this.#fail(`is ${this.client.status} after close()`);
  }

  holds(name: KindName): boolean {
    return this.#held.some(({ hearing }) => hearing.kind === kinds[name]);
  }

  /** Does it hear this channel now? */
  isOn(name: KindName): boolean {
    return this.client.status === "open" && this.#held.some(({ hearing }) => hearing.kind === kinds[name]);
  }

  subscribe(name: KindName, rewind: number, isShared: boolean = this.holds(name)): void {
    if (this.#held.filter(({ hearing }) => hearing.kind === kinds[name]).length === 2) return;
    const kind: Kind = kinds[name];
    const { ledger, nowMs, losses, mayOverflow, violate } = this.#options;
    for (const { hearing } of this.#held) if (hearing.kind === kind) hearing.alsoRewind(rewind);
    const hearing = new Hearing({
      name: this.name,
      kind,
      ledger,
      nowMs,
      losses,
      mayOverflow,
      isShared,
      rewind: kind.keeps === undefined ? 0 : rewind,
      violate,
    });
    const subscription = this.client.subscribe(
      kind.pattern,
      { id: "a" },
      {
        ...(kind.keeps !== undefined && rewind > 0 && { rewind }),
        ...(kind.hasPresence && { presence: true }),
        ...(kind.hasState && { onState: (state: { count: number }) => hearing.state(state) }),
        onGap: (gap: { offset: number | undefined }) => {
          this.#options.note(`${this.name}, ${name}: gap up to ${gap.offset}`);
          hearing.gap(gap);
        },
      },
    );
    subscription.on("said", (payload: { n: number }, origin) => {
      this.#options.note(`${this.name}, ${name}: hears ${payload.n}`);
      hearing.event(payload, origin);
    });
    const follow = (status: SubscriptionStatus) => {
      this.#options.note(`${this.name}, ${name}: ${status}`);
      if (status === "live") hearing.live();
      else hearing.away();
    };
    subscription.onStatus(follow);
    if (subscription.status === "live") hearing.live(true);
    this.#held.push({ subscription, hearing });
  }

  unsubscribe(name: KindName): void {
    const index = this.#held.findIndex(({ hearing }) => hearing.kind === kinds[name]);
    const [held] = index === -1 ? [] : this.#held.splice(index, 1);
    if (held === undefined) return;
    held.hearing.end();
    const n = this.#options.createN();
    this.#owe(n, "unsubscribe", held.subscription.unsubscribe());
  }

  publish(name: KindName): void {
    const held = this.#held.find(({ hearing }) => hearing.kind === kinds[name]);
    if (held === undefined) return;
    const { ledger, createN, nowMs } = this.#options;
    const { client } = this;
    const n = createN();
    const beganMs = nowMs();
    const [opening, wasOpen] = [this.#openings, this.client.status === "open"];
    const published = held.subscription.publish("said", { n }).then(
      ({ offset }) => {
        const [said, ...others] = ledger.find(held.hearing.kind.name, n);
        if (said === undefined) this.#fail(`was told that ${n} is published, and it is not`);
        // Where the memory was lost, nobody knows that it was published before.
        else if (others.length > this.#options.losses()) this.#fail(`has published ${n} ${others.length + 1} times`);
        else this.#checkPublished(held, n, offset, wasOpen && opening === this.#openings && this.#status === "open");
      },
      (error: unknown) => {
        this.#checkRefusal(n, `publish ${n}`, error, ledger.find(held.hearing.kind.name, n).length, UNPUBLISHED);
        const isLost = error instanceof TidingsError && error.code === "connection_lost";
        const isEarly = nowMs() - beganMs < REPEATED_MS && client.status !== "closed";
        if (isLost && isEarly) this.#fail(`publish ${n} was given up`);
      },
    );
    this.#owe(n, `publish ${n}`, published);
  }

  /** Unsubscribes and subscribes again in one go: to the client it has never left. */
  flicker(name: KindName): void {
    this.subscribe(name, 0);
    this.unsubscribe(name);
    this.unsubscribe(name);
    this.subscribe(name, 0, true);
  }

  /** Nothing passes from now on, or it takes nothing. */
  trouble(isSilent: boolean): void {
    this.#wasTroubled = true;
    this.isSilent ||= isSilent;
  }

  /** What must be so at any time. */
  check(): void {
    this.#conduct.check();
  }

  /** Awaits the end of a task of its user, and compares. */
  awaitTask(id: string): void {
    const { client } = this;
    const { truth, createN } = this.#options;
    const ended = client.tasks.done(id).then(
      (result) => truth.checkDone(id, result),
      (error: unknown) => (client.status === "closed" ? undefined : truth.checkFailed(id, error)),
    );
    this.#owe(
      createN(),
      `task ${id}`,
      ended.then((wrong) => wrong === undefined || this.#fail(wrong)),
    );
  }

  /** Ends a task of its user, which may have ended before. */
  cancelTask(id: string): void {
    const { truth, createN } = this.#options;
    const n = createN();
    truth.mayBeCancelled(id);
    const asked = this.client.tasks.cancel(id).then(
      () => truth.isCancelled(id) || this.#fail(`has cancelled ${id}, which is not cancelled`),
      (error: unknown) => {
        this.#checkRefusal(n, `cancel ${id}`, error, 0, UNCANCELLED);
        const isUnknown = error instanceof TidingsError && error.code === "not_found";
        if (isUnknown && !truth.isOver(id)) this.#fail(`can't cancel ${id}, which is not over`);
      },
    );
    this.#owe(n, `cancel ${id}`, asked);
  }

  ask(ms: number, how: Asking): void {
    const { createN, handled, nowMs } = this.#options;
    const n = createN();
    const giveUp = new AbortController();
    const options = how === "short" ? { timeout: "500ms" } : how === "plain" ? {} : { signal: giveUp.signal };
    if (how === "abortedBefore") giveUp.abort(new TidingsError("given_up_before"));
    const beganMs = nowMs();
    const checkTime = () => {
      if (nowMs() - beganMs > (how === "short" ? 500 : 10_000)) this.#fail(`request ${n} took too long`);
    };
    this.#options.note(`${this.name} asks ${n}`);
    const asked = this.client.request("add", { n, ms }, options).then(
      (answer) => {
        if (how === "abortedBefore") this.#fail(`was answered ${n}, which it had given up before`);
        if (answer !== n + 1) this.#fail(`asked ${n} and was answered ${String(answer)}`);
        if (handled(n) !== 1) this.#fail(`was answered ${n}, which was handled ${handled(n)} times`);
      },
      (error: unknown) => this.#checkRefusal(n, `request ${n}`, error, handled(n)),
    );
    this.#owe(n, `request ${n}`, asked.then(checkTime));
    if (how === "aborted") giveUp.abort(new TidingsError("given_up"));
  }

  /** A request that is refused. */
  askInVain(): void {
    const n = this.#options.createN();
    const asked = this.client.request("refuse", { n, ms: 0 }).then(
      () => this.#fail(`was not refused ${n}`),
      (error: unknown) => this.#checkRefusal(n, `request ${n}`, error, 0),
    );
    this.#owe(n, `request ${n}`, asked);
  }

  note(): void {
    const n = this.#options.createN();
    const isOpen = this.client.status === "open";
    const wasAccepted = this.client.send("note", { n, ms: 0 });
    this.#told.push({ n, wasAccepted, opening: isOpen ? this.#openings : this.#openings + 1 });
  }

  history(name: KindName): void {
    const held = this.#held.find(({ hearing }) => hearing.kind === kinds[name]);
    if (held === undefined) return;
    const n = this.#options.createN();
    const { ledger } = this.#options;
    const read = held.subscription.history({ limit: 20 }).then(
      (events) => {
        const all = ledger.of(held.hearing.kind.name);
        const first = all.findLast(({ n: each }) => each === events[0]?.payload.n)?.index ?? 0;
        const isWhole = events.every(({ payload }, index) => all[first + index]?.n === payload.n);
        if (!isWhole) this.#fail(`has read a history with a hole: ${JSON.stringify(events)}`);
      },
      (error: unknown) => this.#checkRefusal(n, `history ${n}`, error, 0),
    );
    this.#owe(n, `history ${n}`, read);
  }

  /**
   * All is mended, and everybody had time.
   *
   * @param present the users that are on the channel with presence
   * @param mayLinger may others be there too? An end that the server refused is none until the connection ends
   */
  finish(present: ReadonlySet<string>, mayLinger: boolean): void {
    if (this.client.status !== "open") this.#fail(`is ${this.client.status} in the end`);
    for (const { subscription, hearing } of this.#held) {
      hearing.finish(subscription.status === "live", String(subscription.error ?? subscription.status));
      if (!hearing.kind.hasPresence || subscription.status !== "live") continue;
      const seen = subscription.presence.members.map(({ id }) => id);
      const wrong = [
        ...[...present].filter((id) => !seen.includes(id)),
        ...seen.filter((id) => !present.has(id) && !mayLinger),
      ];
      if (wrong.length > 0) this.#fail(`sees ${seen.sort()}, and there are ${[...present].sort()}`);
      if (subscription.presence.count !== seen.length) this.#fail(`counts ${subscription.presence.count}`);
    }
    this.#overheard.finish(true, this.client.status);
    for (const wrong of this.#options.truth.compare(this.user, this.client.tasks.all)) this.#fail(wrong);
    for (const { n, wasAccepted, opening } of this.#told) this.#checkTold(n, wasAccepted, opening);
    this.checkSettled();
  }

  checkSettled(): void {
    for (const what of this.#pending.values()) {
      // Of a task that was forgotten before it was heard of, nothing is said.
      const [kind, id = ""] = what.split(" ");
      const isUnknown = kind === "task" && this.#options.truth.isForgotten(id) && !this.#tasks.has(id);
      if (!isUnknown) this.#fail(`${what} has no answer`);
    }
  }

  #checkTold(n: number, wasAccepted: boolean, opening: number): void {
    const times = this.#options.handled(n);
    if (times > (wasAccepted ? 1 : 0)) this.#fail(`sent ${n}, ${wasAccepted}, and it was handled ${times} times`);
    // Nothing was lost since then.
    if (wasAccepted && opening === this.#openings && times === 0 && !this.#options.isRated)
      this.#fail(`sent ${n}, and it was not handled`);
  }

  #checkPublished({ hearing, subscription }: Held, n: number, offset: number | undefined, isSteady: boolean): void {
    const all = this.#options.ledger.find(hearing.kind.name, n);
    const isAt = all.some((said) => offset === (hearing.kind.keeps && said.offset));
    if (!isAt) this.#fail(`was told that ${n} is at ${offset}`);
    // Who is behind is answered at once, and hears it when it has caught up (PROTOCOL.md, promise 1).
    const isHeld = !this.#options.mayOverflow && this.#held.some((each) => each.hearing === hearing);
    const isHearing = isSteady && isHeld && subscription.status === "live";
    const index = all[0]?.index ?? 0;
    if (isHearing && hearing.cursor <= index) this.#fail(`was answered before it heard ${n}`);
  }

  #checkRefusal(n: number, what: string, error: unknown, times: number, expected = UNANSWERED): void {
    const { isRated, losses } = this.#options;
    if (!(error instanceof TidingsError)) this.#fail(`${what} failed with ${String(error)}`);
    else if (!expected.has(error.code) && !(isRated && expected !== UNPUBLISHED && error.code === "rate_limited"))
      this.#fail(`${what} failed with ${error.code}: ${error.message}`);
    else if (times > (NEVER_SAID.has(error.code) ? 0 : 1 + losses()))
      this.#fail(`${what} failed with ${error.code}, and ${n} was taken ${times} times`);
  }

  #owe(n: number, what: string, promise: Promise<unknown>): void {
    this.#pending.set(n, what);
    promise.then(
      () => this.#pending.delete(n),
      (error: unknown) => {
        this.#pending.delete(n);
        this.#fail(`${what} rejects with ${String(error)}`);
      },
    );
  }

  #connect(): [AnyClient, Conduct, Hearing] {
    const { nowMs, retryOn } = this.#options;
    const subscribed = () => this.#held.map(({ subscription }) => subscription.name);
    const conduct = new Conduct({ nowMs, retryOn, subscribed, violate: (what) => this.#fail(what) });
    const client = this.#options.connect(() => this.#openings, conduct);
    const overheard = this.#overhear(client);
    this.#tasks.clear();
    client.tasks.on("change", ({ id }) => this.#tasks.add(id));
    this.#status = client.status;
    this.#sinceMs = nowMs();
    if (client.status !== "connecting") this.#fail(`begins ${client.status}`);
    client.onStatus((status, why) => {
      if (client !== this.client) return;
      this.#options.note(`${this.name} is ${status} ${why === undefined ? "" : `${why.code} ${why.reason}`}`.trimEnd());
      if (!NEXT[this.#status].includes(status)) this.#fail(`is ${status} after ${this.#status}`);
      if (status !== client.status) this.#fail(`says that it is ${status}, and is ${client.status}`);
      this.#checkTime(status);
      conduct.became(status, why, client.retryAtMs);
      if (why?.reason === "token_expired" && this.#status === "open" && !this.#wasTroubled) {
        this.#fail("has not renewed its token");
      }
      if (status === "open") {
        this.#openings += 1;
        this.#wasTroubled = this.isSilent;
      }
      this.#status = status;
    });
    return [client, conduct, overheard];
  }

  /** Hears what it never asked for. */
  #overhear(client: AnyClient): Hearing {
    const { ledger, nowMs, losses, mayOverflow, violate, note } = this.#options;
    const kind = kinds.joined;
    const name = `${this.name}, unasked`;
    const rules = { isShared: true, isOverheard: true, rewind: 0 } as const;
    const hearing = new Hearing({ name, kind, ledger, nowMs, losses, mayOverflow, violate, ...rules });
    client.on("said", (payload: { n: number }, origin) => {
      if (origin.channel !== kind.name) return;
      note(`${name}: hears ${payload.n}`);
      hearing.event(payload, origin);
    });
    client.on("gap", (gap: Gap, origin) => {
      if (origin.channel !== kind.name) return;
      note(`${name}: gap up to ${gap.offset}`);
      hearing.gap(gap);
    });
    return hearing;
  }

  /** Neither a dial, nor the time between two, is longer than is promised. */
  #checkTime(next: Status): void {
    const nowMs = this.#options.nowMs();
    const mostMs = this.#status === "connecting" ? 10_000 : this.#status === "waiting" ? 30_000 : undefined;
    if (mostMs !== undefined && nowMs - this.#sinceMs > mostMs + 1)
      this.#fail(`was ${this.#status} for too long: ${next}`);
    this.#sinceMs = nowMs;
  }

  #fail(what: string): void {
    this.#options.violate(`${this.name} ${what}`);
  }
}

const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  connecting: ["open", "waiting", "closed"],
  open: ["waiting", "closed"],
  waiting: ["connecting", "closed"],
  closed: [],
};
/** So long a key is sure to be remembered. */
const REPEATED_MS = 240_000;
const NEVER_SAID: ReadonlySet<string> = new Set(["queue_full", "given_up_before", "rate_limited"]);
/** A publish waits, and is said again: no other refusal is its own. */
const UNPUBLISHED: ReadonlySet<string> = new Set(["connection_lost", "queue_full"]);
const UNCANCELLED: ReadonlySet<string> = new Set(["connection_lost", "queue_full", "timeout", "not_found"]);
const UNANSWERED: ReadonlySet<string> = new Set([
  "connection_lost",
  "timeout",
  "queue_full",
  "forbidden",
  "given_up",
  "given_up_before",
  "not_subscribed",
]);
