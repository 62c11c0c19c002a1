import { CrowdClient } from "./crowd-client.js";
import { Places } from "./places.js";
import { answerQuestions, notice } from "./questions.js";
import { type Acknowledged, meeting, nameByClient, topics } from "./topics.js";

// `COUNT` clients, each on two topics, who publish now and then; what each of them hears is judged here.

const count = Number(process.env.COUNT ?? "1");

let urls: readonly string[] = [];
let clients: CrowdClient[] = [];
const places = new Places();
let said = 0;
let streaming: NodeJS.Timeout | undefined;
const pending = new Set<Promise<void>>();

/** Who looks again whenever something has happened. */
const watching = new Set<() => void>();
let isLooking = false;

function changed(): void {
  if (isLooking) return;
  isLooking = true;
  setImmediate(() => {
    isLooking = false;
    for (const look of watching) look();
  });
}

/** Resolves with what is left when this takes too long, else with nothing. */
function untilNothing(left: () => readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const end = (rest: readonly string[]) => {
      clearTimeout(late);
      watching.delete(look);
      resolve(rest.slice(0, MOST));
    };
    const look = () => left().length === 0 && end([]);
    const late = setTimeout(() => end(left()), PATIENCE_MS);
    watching.add(look);
    look();
  });
}

async function publish(client: CrowdClient, topic: string): Promise<void> {
  said += 1;
  try {
    notice("acknowledged", await client.publish(topic, nameByClient(said)));
  } catch {
    // It is not known whether it was taken: it may be heard, once.
  }
}

const staying = () => clients.filter(({ hasDied }) => !hasDied);

/** Who has neither heard one of these nor been told that it may be lost. */
function missing(acknowledged: readonly Acknowledged[], holds: "heard" | "accounted"): () => readonly string[] {
  const byTopic = new Map<string, Acknowledged[]>();
  for (const each of acknowledged) byTopic.set(each.topic, [...(byTopic.get(each.topic) ?? []), each]);
  // Who has had all need not be asked again.
  let open = staying().flatMap((client) => client.hearings.map((hearing) => ({ client, hearing })));
  return () => {
    const lacking = open.flatMap(({ client, hearing }) => {
      const due = byTopic.get(hearing.topic) ?? [];
      const lack = due.filter((each) => !(holds === "heard" ? hearing.hasHeard(each) : hearing.accountsFor(each)));
      return lack.length === 0 ? [] : [{ client, hearing, lack }];
    });
    open = lacking;
    return lacking.flatMap(({ client: { name, url }, hearing: { topic, position }, lack }) =>
      lack.map(
        ({ n, epoch, offset }) =>
          `${name} at ${url}, ${topic}: ${n} at ${epoch} ${offset} is not heard, and no gap is there; it stands at ${position?.epoch} ${position?.offset}`,
      ),
    );
  };
}

const notLive = () =>
  staying()
    .filter(({ isLive }) => !isLive)

    .map(({ name, url, why }) => `${name} is not live, at ${url} (${why})`);

function present(): string[] {
  return staying()
    .filter((client) => client.isOn(meeting.channel))
    .map(({ name }) => name)
    .toSorted();
}

answerQuestions({
  at(given: readonly string[]) {
    urls = given;
  },
  /** All come. Resolves when they are there. */
  come() {
    clients = Array.from({ length: count }, (_, n) => {
      const one = n % topics.length;
      const other = (one + 1 + (Math.floor(n / topics.length) % (topics.length - 1))) % topics.length;
      return new CrowdClient({
        name: `client-${n}`,
        topics: [topics[one] ?? "", topics[other] ?? ""],
        isWatching: Math.floor(n / 7) % 3 === 0,
        urls: () => urls,
        first: n,
        places,
        changed,
      });
    });
    return untilNothing(notLive);
  },
  calm: () => untilNothing(notLive),
  begin() {
    places.begin();
    for (const client of clients) client.begin();
    streaming = setInterval(() => {
      const client = clients[Math.floor(Math.random() * clients.length)];
      const topic = client?.hearings[Math.floor(Math.random() * client.hearings.length)]?.topic;
      if (client === undefined || topic === undefined || !client.isLive) return;
      const published = publish(client, topic).finally(() => pending.delete(published));
      pending.add(published);
    }, PUBLISH_MS);
  },
  /** Nobody publishes any more. Resolves when it is known what became of all. */
  async stop() {
    clearInterval(streaming);
    await Promise.all(pending);
  },
  /** Resolves with those who are not told of one of these, and had the time to be. */
  accounted(acknowledged: readonly Acknowledged[]) {
    for (const each of acknowledged) places.acknowledged(each);
    const placed = acknowledged.map((each) => ({ ...each, epoch: each.epoch ?? places.epochOf(each.n) }));
    return untilNothing(missing(placed, "accounted"));
  },
  heard: (acknowledged: readonly Acknowledged[]) => untilNothing(missing(acknowledged, "heard")),
  /** So many who dialled there lose their connection for good when they lose it. Gives those who were present. */
  mortals(url: string, size: number): string[] {
    const there = clients.filter((client) => client.url === url && client.isOn(meeting.channel)).slice(0, size);
    for (const client of there) client.dieWithConnection();
    return there.map(({ name }) => name);
  },
  present,
  /** Resolves with those who see others than who is there. */
  seesAll() {
    return untilNothing(() => {
      const all = String(present());
      return staying().flatMap(({ name, url, sees }) =>
        sees === undefined || String(sees.toSorted()) === all
          ? []
          : [`${name} at ${url} sees ${sees.length}, not ${all.split(",").length}`],
      );
    });
  },
  /** How often those who watched were told that one left: every number there was, once. */
  leaves(id: string, besides: string): number[] {
    const watchers = staying().filter(({ sees, dialled }) => sees !== undefined && !dialled.includes(besides));
    return [...new Set(watchers.map(({ left }) => left.get(id) ?? 0))];
  },
  connected: () => staying().length,
  /** What is wrong so far, and how often there was a gap on which topic. */
  verdict() {
    const faults = [...places.faults, ...clients.flatMap((client) => client.faults)];
    const gaps: Record<string, number> = {};
    const least: Record<string, number> = {};
    for (const hearing of staying().flatMap(({ hearings }) => hearings)) {
      gaps[hearing.topic] = (gaps[hearing.topic] ?? 0) + hearing.gaps;
      least[hearing.topic] = Math.min(least[hearing.topic] ?? Number.POSITIVE_INFINITY, hearing.gaps);
    }
    const told = staying().flatMap(({ hearings, name, url }) =>
      hearings.flatMap(({ topic, gapsInWords }) =>
        gapsInWords === "" ? [] : [`${name} at ${url}, ${topic}: ${gapsInWords}`],
      ),
    );
    return {
      told: told.slice(0, MOST),
      faults: faults.slice(0, MOST),
      gaps,
      least,
    };
  },
});
notice("ready");

const PUBLISH_MS = 40;
/** Less than who asks has. */
const PATIENCE_MS = 15_000;
/** More faults tell no more. */
const MOST = 12;
