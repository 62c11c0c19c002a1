import { type App, createApp, dependency, endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { startTestApp, type TestApp } from "tidings/testing";
import { z } from "zod";
import type { Position } from "../../../src/broker/broker.js";
import type { Listener } from "../../../src/hub/channels.js";
import { defaultLimits } from "../../../src/protocol/limits.js";
import { anyRate } from "../any-rate.js";
import { declareChannel, kindNamed, type ModelChannel } from "./channels.js";
import { type ChannelName, channelNames, type Link, ModelClient } from "./client.js";
import { Ledger, WatchedBroker } from "./ledger.js";
import type { Phase } from "./reader.js";

/** What one run is about. */
export interface Setting {
  /** Of the channels `one` and `two`. */
  readonly kinds: readonly [string, string];
  /** Bytes. */
  readonly outbox: number;
  readonly historyPage: number;
  /** Is there room for all that is kept? Otherwise streams are forgotten now and then. */
  readonly isStable: boolean;
  /** Is everybody on both channels when it begins? */
  readonly beginsOn: boolean;
}

/** How much happens before the next step: nothing, what can in this turn of the event loop, or all there is. */
export type Pause = "none" | "microtasks" | "all";

/** An app, its clients, and all that is known of what they were to be told. */
export class World {
  readonly setting: Setting;
  readonly clients: readonly ModelClient[];
  readonly #ledgers: ReadonlyMap<ChannelName, Ledger>;
  readonly #channels: ReadonlyMap<ChannelName, ModelChannel>;
  readonly #app: App;
  readonly #violations: string[] = [];
  #server: TestApp | undefined;
  #stamp = 0;
  #said = 0;
  /** Bytes since all had time to be read, about. */
  #unsettledBytes = 0;
  #gate: { readonly promise: Promise<void>; readonly open: () => void } | undefined;

  constructor(setting: Setting) {
    this.setting = setting;
    const { kinds, outbox, historyPage, isStable } = setting;
    const kindOf = (name: ChannelName) => {
      const kind = kindNamed(kinds[name === "one" ? 0 : 1]);
      // Who keeps an offset beside its state can't know that the stream began anew.
      return isStable ? kind : { ...kind, isStateAt: false };
    };
    this.#ledgers = new Map(channelNames.map((name) => [name, new Ledger(kindOf(name).keeping)]));
    const violate = (what: string) => void this.#violations.push(what);
    const nowMs = () => this.#server?.clock.now() ?? 0;
    const user = bearer({ verify: (token: string) => ({ id: token }), from: ["query"] });
    const hooks = {
      user,
      dial: dependency({ create: ({ request }) => request.headers.get("x-dial") ?? "" }),
      arriving: (id: string, dial: string, name: string) =>
        this.#arriving(id, Number(dial), name === "one" ? "one" : "two"),
      gate: () => this.#gate?.promise,
    };
    this.#channels = new Map(
      channelNames.map((name) => [name, declareChannel(name, kindOf(name), this.ledger(name), hooks)]),
    );
    const events = endpoint("/ws", {
      auth: user,
      channels: [...this.#channels.values()],
      sends: { note: z.object({ stamp: z.number() }) },
      open: ({ connection }) => {
        this.clients
          .find(({ name }) => name === connection.user.id)
          ?.opened({
            id: connection.id,
            isOn: (name) => connection.channels.has(name),
            // What an app can't see: who is taken off while its state is loaded hears of neither.
            isTold: (name) => (connection as unknown as Listener).memberships?.get(name)?.isTold === true,
            send: (type, payload) => connection.send(type, payload),
            join: (name) => connection.join(this.#ref(name)),
            leave: (name) => connection.leave(this.#ref(name)),
          });
      },
    });
    this.#app = createApp({
      endpoints: [events],
      limits: { ...anyRate, outbox: `${outbox}b`, historyPage },
      broker: new WatchedBroker(
        {
          createId: () => "life",
          clock: { elapsed: nowMs },
          limits: { ...defaultLimits, ...(!isStable && { historyBytes: 3_000 }) },
        },
        { ledgers: this.#ledgers, nowMs, isStable, violate, nextStamp: () => this.#nextStamp() },
      ),
      onError: (error, { during }) => {
        // A snapshot that is held back takes too long at some time.
        if (!String((error as Error).cause ?? error).includes("snapshot took")) violate(`${during}: ${String(error)}`);
      },
    });
    this.clients = ["ann", "bob", "cem"].map(
      (name) =>
        new ModelClient({
          name,
          isOurs: name === "bob",
          violate,
          readerOptions: (channel) => ({
            kind: kindOf(channel),
            ledger: this.ledger(channel),
            nowMs,
            isStable,
            pageSize: historyPage,
          }),
        }),
    );
  }

  async start(): Promise<void> {
    this.#server = await startTestApp(this.#app);
    for (const client of this.clients) await this.connect(client, false);
    if (!this.setting.beginsOn) return;
    for (const { link, isOurs } of this.clients) {
      for (const channel of channelNames) {
        if (isOurs) this.join(link, channel);
        else link?.subscribe(channel, {});
      }
    }
    await this.pause("all");
  }

  ledger(name: ChannelName): Ledger {
    return this.#ledgers.get(name) as Ledger; // there is one for each
  }

  async connect(client: ModelClient, since: boolean): Promise<void> {
    if (client.link?.isOpen === true) return;
    await client.dial(this.#app, since);
    await this.pause("all");
    if (client.link?.server === undefined) this.#violations.push(`${client.name} did not open`);
  }

  join(link: Link | undefined, channel: ChannelName): void {
    const server = link?.server;
    if (link === undefined || server === undefined || !link.isOpen || server.isOn(channel)) return;
    const since = link.since.get(channel);
    link.since.delete(channel);
    const phase = this.#phaseAt(channel, { since, isTold: this.#isOurs(link), isOwn: false, rewind: 0 });
    if (since !== undefined) link.isPressed ||= this.#isTight;
    link.reader(channel).begins(phase);
    server.join(channel).catch(() => link.reader(channel).failed(phase));
  }

  leave(link: Link | undefined, channel: ChannelName): void {
    if (link?.server?.isOn(channel) !== true || !link.isOpen) return;
    link.reader(channel).ends(link.server.isTold(channel));
    void link.server.leave(channel);
  }

  publish(channel: ChannelName, said: { word: string; key?: string | undefined; except?: Link | undefined }): void {
    const { word, key, except } = said;
    const options = { key, except: except?.server };
    void this.#app.publish(this.#ref(channel), "said", this.event(word), options);
  }

  /** The payload of an event that there was none of. */
  event(word: string): { n: number; word: string; pad: string } {
    this.#said += 1;
    this.press(200);
    return { n: this.#said, word, pad: "x".repeat(40) };
  }

  note(link: Link | undefined): void {
    if (link === undefined || !link.isOpen) return;
    this.press(100);
    link.note(this.#nextStamp());
  }

  holdSnapshots(): void {
    if (this.#gate !== undefined) return;
    let open = () => {};
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { promise, open };
  }

  releaseSnapshots(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  async pass(ms: number): Promise<void> {
    await this.#server?.clock.advance(`${ms}ms`);
    this.#unsettledBytes = 0;
  }

  async pause(pause: Pause): Promise<void> {
    if (pause === "microtasks") for (let tick = 0; tick < 12; tick += 1) await undefined;
    if (pause !== "all") return;
    for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    this.#unsettledBytes = 0;
  }

  /** @throws Error for what must not be */
  check(): void {
    if (this.#violations.length > 0) throw new Error(this.#violations.slice(0, 5).join("\n"));
  }

  /** Everybody reads everything, and then goes. */
  async finish(): Promise<void> {
    this.releaseSnapshots();
    for (const { link } of this.clients) link?.read();
    for (let round = 0; round < 3; round += 1) await this.pause("all");
    await this.pass(6_000);
    for (const channel of channelNames) this.publish(channel, { word: "last" });
    await this.pause("all");
    for (const { link } of this.clients) link?.finish();
    this.#checkMembers();
    this.check();
    for (const [index, { link }] of this.clients.entries()) {
      if (link?.isOpen === true) link.end(index === 0 ? "close" : "vanish");
    }
    await this.pass(6_000);
    const { channels, connections, outboxBytes, waitingBytes } = this.#app.stats();
    const left = JSON.stringify({ channels, connections, outboxBytes, waitingBytes });
    if (left !== NOTHING_LEFT) this.#violations.push(`is left when all have gone: ${left}`);
    this.check();
  }

  async stop(): Promise<void> {
    this.releaseSnapshots();
    await this.#server?.[Symbol.asyncDispose]();
  }

  press(bytes: number): void {
    this.#unsettledBytes += bytes;
    if (this.#unsettledBytes < this.setting.outbox / 2) return;
    for (const { link } of this.clients) if (link !== undefined) link.isPressed = true;
  }

  get #isTight(): boolean {
    return this.setting.outbox < 20_000;
  }

  #checkMembers(): void {
    for (const channel of channelNames) {
      const on = this.clients.filter(({ link }) => link?.isOpen && link.server?.isOn(channel) === true);
      const expected = on.map(({ name }) => name).join();
      for (const { name, link } of on) {
        const members = link?.reader(channel).members;
        if (members === undefined) continue;
        const seen = [...members].sort().join();
        if (seen !== expected) this.#violations.push(`${name} sees ${seen} on ${channel}, and there are ${expected}`);
      }
    }
  }

  #ref(name: ChannelName): ReturnType<ModelChannel> {
    return (this.#channels.get(name) as ModelChannel)(); // there is one for each
  }

  #nextStamp(): number {
    this.#stamp += 1;
    return this.#stamp;
  }

  #isOurs(link: Link): boolean {
    return this.clients.some((client) => client.link === link && client.isOurs);
  }

  /** A client's subscription has come to its turn. */
  #arriving(user: string, dial: number, channel: ChannelName): void {
    const client = this.clients.find(({ name }) => name === user);
    const link = client?.link;
    // What one that has gone said last concerns nobody.
    if (link?.isOpen !== true || client?.dials !== dial) return;
    const asked = link.arrival(channel);
    if (asked.since !== undefined || asked.rewind > 0) link.isPressed ||= this.#isTight;
    link.reader(channel).begins(this.#phaseAt(channel, { ...asked, isTold: true, isOwn: true }));
  }

  #phaseAt(channel: ChannelName, arrival: Pick<Phase, "since" | "rewind" | "isTold" | "isOwn">): Phase {
    const ledger = this.ledger(channel);
    const kept = ledger.kept(this.#server?.clock.now() ?? 0);
    const { since, rewind } = arrival;
    const rewound = Math.min(rewind, kept.length, this.setting.historyPage);
    return { ...arrival, start: ledger.all.length, canRecover: this.#canRecover(ledger, since), rewound };
  }

  #canRecover(ledger: Ledger, since: Position | undefined): boolean | undefined {
    if (since === undefined || ledger.keeping === undefined) return false;
    const { newest } = ledger;
    if (newest?.epoch !== since.epoch) {
      // It may be of a stream that nothing was said on yet.
      return since.offset === 0 && !ledger.all.some(({ epoch }) => epoch === since.epoch) ? undefined : false;
    }
    if (since.offset > newest.offset) return false;
    const nowMs = this.#server?.clock.now() ?? 0;
    return ledger.all
      .filter(({ epoch, offset }) => epoch === since.epoch && offset > since.offset)
      .every((said) => ledger.isKept(said, nowMs));
  }
}

const NOTHING_LEFT = JSON.stringify({ channels: 0, connections: 0, outboxBytes: 0, waitingBytes: 0 });
