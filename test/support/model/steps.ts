import * as fc from "fast-check";
import { kinds } from "./channels.js";
import { type ChannelName, channelNames, type Link } from "./client.js";
import type { Pause, Setting, World } from "./world.js";

/** Nothing is known beforehand: what a step can't do it leaves. */
type Model = Record<never, never>;
export type Step = fc.AsyncCommand<Model, World, true>;

type Act = (world: World) => void | Promise<void>;

/** One thing that happens, and how much time all others have then. */
class Happens implements Step {
  readonly #name: string;
  readonly #act: Act;
  readonly #pause: Pause;

  constructor(name: string, act: Act, pause: Pause) {
    this.#name = name;
    this.#act = act;
    this.#pause = pause;
  }

  async check(): Promise<boolean> {
    return true;
  }

  async run(_model: Model, world: World): Promise<void> {
    await this.#act(world);
    await world.pause(this.#pause);
    world.check();
  }

  toString(): string {
    return this.#pause === "none" ? this.#name : `${this.#name}; ${this.#pause}`;
  }
}

const pauses = fc.constantFrom<Pause>("none", "none", "microtasks", "all");
const clients = fc.nat({ max: 2 });
const channels = fc.constantFrom(...channelNames);
const words = fc.constantFrom("a", "b", "c");
const keys = fc.constantFrom(undefined, undefined, undefined, "k", "l");

const linkOf = (world: World, client: number): Link | undefined => world.clients[client]?.link;

function step<Given>(given: fc.Arbitrary<Given>, name: (given: Given) => string, act: (given: Given) => Act) {
  return fc.tuple(given, pauses).map(([each, pause]): Step => new Happens(name(each), act(each), pause));
}

const place = fc.record({ client: clients, channel: channels });
const how = fc.oneof(
  fc.constant<Subscribing>({ kind: "fresh" }),
  fc.constant<Subscribing>({ kind: "since", earlier: 0 }),
  fc.record({ kind: fc.constant("since" as const), earlier: fc.integer({ min: -2, max: 4 }) }),
  fc.record({ kind: fc.constant("rewind" as const), count: fc.nat({ max: 12 }) }),
);
type Subscribing =
  | { readonly kind: "fresh" }
  | { readonly kind: "since"; readonly earlier: number }
  | { readonly kind: "rewind"; readonly count: number };

function subscribe(world: World, client: number, channel: ChannelName, asked: Subscribing): void {
  const link = linkOf(world, client);
  if (link?.isOpen !== true) return;
  if (asked.kind === "rewind") link.subscribe(channel, { rewind: asked.count });
  else if (asked.kind === "fresh") link.subscribe(channel, {});
  else {
    const known = world.clients[client]?.positions.get(channel);
    const since = known && { epoch: known.epoch, offset: Math.max(0, known.offset - asked.earlier) };
    link.subscribe(channel, since === undefined ? {} : { since });
  }
}

const arbitraries: readonly fc.Arbitrary<Step>[] = [
  step(
    fc.record({ client: clients, channel: channels, asked: how }),
    ({ client, channel, asked }) => `subscribe ${client} ${channel} ${JSON.stringify(asked)}`,
    ({ client, channel, asked }) =>
      (world) =>
        subscribe(world, client, channel, asked),
  ),
  step(
    place,
    ({ client, channel }) => `unsubscribe ${client} ${channel}`,
    ({ client, channel }) =>
      (world) =>
        linkOf(world, client)?.ask("unsubscribe", channel, {}),
  ),
  step(
    place,
    ({ client, channel }) => `join ${client} ${channel}`,
    ({ client, channel }) =>
      (world) =>
        world.join(linkOf(world, client), channel),
  ),
  step(
    place,
    ({ client, channel }) => `leave ${client} ${channel}`,
    ({ client, channel }) =>
      (world) =>
        world.leave(linkOf(world, client), channel),
  ),
  step(
    fc.record({ channel: channels, word: words, key: keys, except: fc.option(clients, { freq: 3, nil: undefined }) }),
    ({ channel, word, key, except }) => `publish ${channel} ${word}, key ${key}, except ${except}`,
    ({ channel, word, key, except }) =>
      (world) =>
        world.publish(channel, {
          word,
          key,
          except: except === undefined ? undefined : linkOf(world, except),
        }),
  ),
  step(
    fc.record({ channel: channels, words: fc.array(words, { minLength: 2, maxLength: 14, size: "max" }) }),
    ({ channel, words: each }) => `publish ${channel} ${each.join("")}`,
    ({ channel, words: each }) =>
      (world) => {
        for (const word of each) world.publish(channel, { word });
      },
  ),
  step(
    fc.record({ client: clients, channel: channels, word: words, key: keys }),
    ({ client, channel, word, key }) => `say ${client} ${channel} ${word}, key ${key}`,
    ({ client, channel, word, key }) =>
      (world) => {
        const link = linkOf(world, client);
        if (link?.isOpen !== true) return;
        const payload = world.event(word);
        link.ask("publish", channel, { type: "said", payload, ...(key !== undefined && { key }) }, payload.n);
      },
  ),
  step(
    clients,
    (client) => `note ${client}`,
    (client) => (world) => world.note(linkOf(world, client)),
  ),
  step(
    clients,
    (client) => `stall ${client}`,
    (client) => (world) => linkOf(world, client)?.stall(),
  ),
  step(
    clients,
    (client) => `read ${client}`,
    (client) => (world) => linkOf(world, client)?.read(),
  ),
  step(
    fc.record({ client: clients, drop: fc.constantFrom("vanish" as const, "close" as const) }),
    ({ client, drop }) => `${drop} ${client}`,
    ({ client, drop }) =>
      (world) =>
        linkOf(world, client)?.end(drop),
  ),
  step(
    fc.record({ client: clients, since: fc.boolean() }),
    ({ client, since }) => `connect ${client}${since ? " since" : ""}`,
    ({ client, since }) =>
      (world) => {
        const known = world.clients[client];
        return known && world.connect(known, since);
      },
  ),
  step(
    fc.constantFrom(1_000, 4_000, 11_000, 301_000),
    (ms) => `${ms} ms pass`,
    (ms) => (world) => world.pass(ms),
  ),
  step(
    fc.boolean(),
    (isHeld) => `${isHeld ? "hold" : "release"} snapshots`,
    (isHeld) => (world) => (isHeld ? world.holdSnapshots() : world.releaseSnapshots()),
  ),
];

/** What happens in one run. */
export function arbitrarySteps(replayPath: string | undefined): fc.Arbitrary<Iterable<Step>> {
  return fc.commands<Model, World, true>([...arbitraries], {
    maxCommands: 40,
    size: "max",
    ...(replayPath !== undefined && { replayPath }),
  });
}

const kindNames = fc.constantFrom(...kinds.map(({ name }) => name));
export const arbitrarySetting: fc.Arbitrary<Setting> = fc.record({
  kinds: fc.tuple(kindNames, kindNames),
  outbox: fc.constantFrom(1_024, 1_024, 65_536),
  historyPage: fc.constantFrom(2, 500),
  isStable: fc.boolean(),
  beginsOn: fc.boolean(),
});
