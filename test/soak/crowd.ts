import { systemClock } from "../../src/app/system.js";
import { Random } from "../../src/testing/random.js";
import { CrowdClient } from "../support/redis/chaos/crowd-client.js";
import type { Place } from "../support/redis/chaos/hearing.js";
import { Places } from "../support/redis/chaos/places.js";
import { answerQuestions, notice } from "../support/redis/chaos/questions.js";
import { type Acknowledged, isKept, meeting, nameByClient, topics } from "../support/redis/chaos/topics.js";
import { Beat } from "./beat.js";

// `COUNT` of our clients, each on two topics, who publish now and then, leave, and have others come in their place; what each of
// them hears is judged here, round by round. All chance is that of `SEED`; what they publish is counted from `FIRST` on.

const { COUNT: count = "1", NAME: name = "", SEED: seed = "1", FIRST: first = "0" } = process.env;
const PUBLISH_MS = 100;
const size = Number(count);
const random = new Random(Number(seed)).fork(name);
// Also how long a client of ours waits before it dials again.
Math.random = random.next;

/** A client, and where it stood on each topic when it came: what was said before is not owed to it. */
interface Guest {
  readonly client: CrowdClient;
  /** Undefined: it is there since the round began, and is owed all of it. */
  readonly since: Map<string, Place> | undefined;
}

let urls: readonly string[] = [];
let guests: Guest[] = [];
let places = new Places();
/** What those who have left had heard that was not as promised. */
let leftFaults: string[] = [];
let [comers, leavers, checks] = [0, 0, 0];
let said = Number(first);
const pending = new Set<Promise<void>>();

/** Who looks again whenever something has happened. */
const watching = new Set<() => void>();
let isLooking = false;

function changed(): void {
  if (isLooking) return;
  isLooking = true;
  setImmediate(() => {
    isLooking = false;
    for (const { client, since } of guests) if (since !== undefined) noteStart(client, since);
    for (const look of watching) look();
  });
}

function noteStart(client: CrowdClient, since: Map<string, Place>): void {
  for (const { topic, position } of client.hearings) {
    if (position !== undefined && !since.has(topic)) since.set(topic, position);
  }
}

/** Resolves with what is left when this takes too long, else with nothing. */
function untilNothing(left: () => readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const end = (rest: readonly string[]) => {
      late.cancel();
      watching.delete(look);
      resolve(rest.slice(0, MOST));
    };
    const look = () => left().length === 0 && end([]);
    const late = systemClock.after(PATIENCE_MS, () => end(left()));
    watching.add(look);
    look();
  });
}

function come(isOwedAll: boolean): void {
  const n = (comers += 1);
  const one = n % topics.length;
  const other = (one + 1 + (Math.floor(n / topics.length) % (topics.length - 1))) % topics.length;
  const client = new CrowdClient({
    name: `${name}-${n}`,
    topics: [topics[one] ?? "", topics[other] ?? ""],
    isWatching: n % 3 === 0,
    urls: () => urls,
    first: n,
    // Those of the round that is.
    get places() {
      return places;
    },
    changed,
  });
  guests.push({ client, since: isOwedAll ? undefined : new Map() });
}

function leave(): void {
  const [gone] = guests.splice(random.below(guests.length), 1);
  if (gone === undefined) return;
  leavers += 1;
  leftFaults.push(...gone.client.faults);
  gone.client.close();
}

async function publish({ client }: Guest): Promise<void> {
  const { topic } = random.pick(client.hearings);
  said += 1;
  try {
    notice("acknowledged", await client.publish(topic, nameByClient(said)));
  } catch {
    // It is not known whether it was taken: it may be heard, once.
  }
}

const stream = new Beat(
  PUBLISH_MS,
  () => {
    const live = guests.filter(({ client }) => client.isLive);
    if (live.length > 0) {
      const published = publish(random.pick(live)).finally(() => pending.delete(published));
      pending.add(published);
    }
    // One in ten times somebody leaves, or comes.
    if (random.below(10) === 0) {
      if (guests.length < size && random.below(2) === 0) come(false);
      else if (guests.length > size / 2) leave();
    }
  },
  () => notice("starved"),
);

const notLive = () =>
  guests.flatMap(({ client }) =>
    client.isLive ? [] : [`${client.name} is not live, at ${client.url} (${client.why})`],
  );

const present = () => guests.flatMap(({ client }) => (client.isOn(meeting.channel) ? [client.name] : [])).toSorted();

/** Is it owed to a client that has been there since then? */
function isOwed({ topic, epoch, offset }: Acknowledged, since: Guest["since"]): boolean {
  if (since === undefined) return true;
  const start = since.get(topic);
  if (!isKept(topic) || start === undefined || offset === undefined) return false;
  return epoch === start.epoch && offset > start.offset;
}

/** Who has neither heard one of these nor been told that it may be lost. */
function missing(acknowledged: readonly Acknowledged[], holds: "heard" | "accounted"): () => readonly string[] {
  const owed = guests.flatMap(({ client, since }) =>
    client.hearings.flatMap((hearing) =>
      acknowledged
        .filter((each) => each.topic === hearing.topic && (holds === "heard" || isOwed(each, since)))
        .map((each) => ({ client, hearing, each })),
    ),
  );
  checks += owed.length;
  return () =>
    owed
      .filter(({ hearing, each }) => !(holds === "heard" ? hearing.hasHeard(each) : hearing.accountsFor(each)))
      .map(({ client: { name, url }, hearing: { topic, position }, each: { n, epoch, offset } }) => {
        const place = `${name} at ${url} stands at ${position?.epoch} ${position?.offset} of ${topic}`;
        return `${place}: ${n} at ${epoch} ${offset} is not heard, and no gap is there`;
      });
}

answerQuestions({
  at(given: readonly string[]) {
    urls = given;
  },
  /** As many are there as there may be. Resolves when all are live. */
  fill() {
    while (guests.length < size) come(false);
    return untilNothing(notLive);
  },
  calm: () => untilNothing(notLive),
  begin() {
    places = new Places();
    leftFaults = [];
    guests = guests.map(({ client }) => ({ client, since: undefined }));
    for (const { client } of guests) client.begin();
  },
  stream: () => stream.start(),
  /** Nobody publishes, comes or leaves any more. Resolves when it is known what became of all. */
  async stop() {
    stream.stop();
    await Promise.all(pending);
  },
  /** Resolves with those who are not told of one of these, and had the time to be. */
  accounted(acknowledged: readonly Acknowledged[]) {
    for (const each of acknowledged) places.acknowledged(each);
    return untilNothing(
      missing(
        acknowledged.map((each) => ({ ...each, epoch: each.epoch ?? places.epochOf(each.n) })),
        "accounted",
      ),
    );
  },
  heard: (acknowledged: readonly Acknowledged[]) => untilNothing(missing(acknowledged, "heard")),
  /** Resolves with those who see others than who is there. */
  seesAll: () =>
    untilNothing(() => {
      const all = String(present());
      return guests.flatMap(({ client: { name, url, sees } }) =>
        sees === undefined || String(sees.toSorted()) === all
          ? []
          : [`${name} at ${url} sees ${sees.length}, not ${all.split(",").length}: ${sees.toSorted()} not ${all}`],
      );
    }),
  present,
  connected: () => guests.length,
  /** What was not as promised in this round, and how often those who were there all along were told of a gap. */
  verdict() {
    const faults = [...places.faults, ...leftFaults, ...guests.flatMap(({ client }) => client.faults)];
    const hearings = guests.flatMap(({ client, since }) => (since === undefined ? client.hearings : []));
    const kept = hearings.filter(({ topic }) => isKept(topic));
    return {
      faults: faults.slice(0, MOST),
      gaps: kept.reduce((sum, { gaps }) => sum + gaps, 0),
      withoutGap: kept.filter(({ gaps }) => gaps === 0).length,
      told: kept
        .flatMap(({ topic, gapsInWords }) => (gapsInWords === "" ? [] : [`${topic}: ${gapsInWords}`]))
        .slice(0, MOST),
      counts: { checks, comers, leavers },
    };
  },
  /** All leave. */
  leave() {
    for (const { client } of guests) client.close();
    guests = [];
  },
});
notice("ready");

/** Less than who asks has, more than a promise gives. */
const PATIENCE_MS = 60_000;
/** More faults tell no more. */
const MOST = 12;
