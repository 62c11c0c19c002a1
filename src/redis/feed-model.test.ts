import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { BrokerEvent, Position } from "../broker/broker.js";
import { Feed, type FeedPage } from "./feed.js";

/** What happens next; a number says which one, of those that there are. */
type Step =
  | { readonly does: "publish"; readonly subject: string | undefined }
  | { readonly does: "lose" | "forget" | "restart" | "ask" }
  | { readonly does: "tell" | "tell twice" | "answer" | "fail"; readonly which: number };

const which = fc.nat(20);
const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant("publish"), subject: fc.constantFrom(undefined, "s", "t") }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant("tell"), which }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("tell twice"), which }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("answer"), which }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("fail"), which }) },
  { weight: 2, arbitrary: fc.constant({ does: "lose" }) },
  { weight: 2, arbitrary: fc.constant({ does: "forget" }) },
  { weight: 1, arbitrary: fc.constant({ does: "restart" }) },
  { weight: 2, arbitrary: fc.constant({ does: "ask" }) },
);

interface Stored {
  readonly offset: number;
  readonly subject: string | undefined;
}

/** The stream as Redis has it: what is kept, what was lost of it, and its life. */
class ModelStream {
  epoch = 0;
  offset = 0;
  kept: Stored[] = [];
  readonly #replaced = new Set<string>();
  #missing = 0;
  readonly #isKept: boolean;
  readonly #pageSize: number;

  constructor(isKept: boolean, pageSize: number) {
    this.#isKept = isKept;
    this.#pageSize = pageSize;
  }

  get position(): Position {
    return { epoch: `${this.epoch}`, offset: this.offset };
  }

  /** Is its place taken by a later event of its subject? */
  isReplaced(epoch: string, offset: number): boolean {
    return this.#replaced.has(`${epoch}-${offset}`);
  }

  publish(subject: string | undefined): BrokerEvent {
    this.offset += 1;
    const event = { offset: this.offset, subject };
    const former = subject === undefined ? undefined : this.kept.find((each) => each.subject === subject);
    if (former !== undefined) {
      this.#replaced.add(`${this.epoch}-${former.offset}`);
      this.kept = this.kept.filter((each) => each !== former);
    }
    if (this.#isKept) this.kept.push(event);
    else this.#missing = this.offset;
    return { ...saidOf(event), channel: "chat", epoch: `${this.epoch}` };
  }

  /** One that is kept is no more: any but the newest, since one that has ended goes before others. */
  forget(): void {
    const [dropped] = this.kept.splice(Math.floor(this.kept.length / 2), 1);
    this.#missing = Math.max(this.#missing, dropped?.offset ?? 0);
  }

  /** Another master: its copy may be an older one, and goes on from there. */
  restart(): void {
    this.epoch += 1;
    this.offset = Math.ceil(this.offset / 2);
    this.kept = this.kept.filter(({ offset }) => offset <= this.offset);
    this.#missing = Math.min(this.#missing, this.offset);
  }

  read(after: number): FeedPage {
    const events = this.kept.filter(({ offset }) => offset > after).slice(0, this.#pageSize);
    const isComplete = after >= this.offset || after >= this.#missing;
    return { ...this.position, events: events.map(saidOf), isComplete };
  }
}

function saidOf({ offset }: Stored) {
  return { offset, type: "said", payloadJson: `${offset}`, except: undefined };
}

type Heard = BrokerEvent | { readonly skipped: Position };

/** A feed, and what is on its way to it. */
class World {
  readonly stream: ModelStream;
  readonly heard: Heard[] = [];
  readonly feed: Feed;
  /** What is told on a connection comes in order; after a restart there is another connection beside it. */
  #told: BrokerEvent[][] = [[]];
  #fetches: { readonly after: number; readonly ask: number; readonly page: FeedPage | undefined }[] = [];

  constructor(isKept: boolean, pageSize: number) {
    this.stream = new ModelStream(isKept, pageSize);
    this.feed = new Feed({
      channel: "chat",
      isKept,
      deliver: (event) => this.heard.push(event),
      skip: (skipped) => this.heard.push({ skipped }),
      // It is read as the stream is now or later; what is answered is what was read.
      fetch: (after, ask) => this.#fetches.push({ after, ask, page: undefined }),
    });
    this.feed.compare(this.stream.position);
  }

  take(step: Step): void {
    switch (step.does) {
      case "publish":
        this.#told.at(-1)?.push(this.stream.publish(step.subject));
        break;
      case "lose":
        this.#told.at(-1)?.pop();
        break;
      case "forget":
        this.stream.forget();
        break;
      case "restart":
        this.stream.restart();
        this.#told.push([]);
        break;
      case "tell":
      case "tell twice":
        this.#tell(step.which, step.does === "tell twice");
        break;
      case "answer":
        this.#answer(step.which);
        break;
      case "fail":
        this.#fail(step.which);
        break;
      case "ask":
        this.#readAll();
        this.#compare();
        break;
    }
  }

  /** What is on its way arrives, then the stream is compared, and all that is asked for is answered. */
  finish(): void {
    for (const told of this.#told) for (const event of told) this.feed.hear(event);
    this.#told = [[]];
    while (this.#fetches.length > 0) this.#answer(0);
    this.#compare();
    while (this.#fetches.length > 0) this.#answer(0);
  }

  #tell(index: number, isTwice: boolean): void {
    const lines = this.#told.filter((told) => told.length > 0);
    const line = lines[index % Math.max(lines.length, 1)];
    const event = isTwice ? line?.[0] : line?.shift();
    if (event !== undefined) this.feed.hear(event);
  }

  #readAll(): void {
    this.#fetches = this.#fetches.map(({ after, ask, page }) => ({
      after,
      ask,
      page: page ?? this.stream.read(after),
    }));
  }

  #answer(index: number): void {
    const [fetched] = this.#fetches.splice(index % Math.max(this.#fetches.length, 1), 1);
    if (fetched !== undefined) this.feed.filled(fetched.ask, fetched.page ?? this.stream.read(fetched.after));
  }

  #fail(index: number): void {
    const [fetched] = this.#fetches.splice(index % Math.max(this.#fetches.length, 1), 1);
    if (fetched !== undefined) this.feed.unfilled(fetched.ask);
  }

  /** Its answer comes behind all that was told before on the same connection. */
  #compare(): void {
    for (const event of this.#told.at(-1)?.splice(0) ?? []) this.feed.hear(event);
    this.feed.compare(this.stream.position, this.feed.position);
  }
}

/** Walks through what was heard as the hub does: what does not follow must have been skipped, or replaced. */
function expectNothingLost({ stream, heard, feed }: World): void {
  let place: Position = { epoch: "0", offset: 0 };
  const furthest = new Map<string, number>();
  for (const each of heard) {
    if ("skipped" in each) {
      const { epoch, offset } = each.skipped;
      if (epoch === place.epoch) expect(offset).toBeGreaterThan(place.offset);
      place = each.skipped;
      continue;
    }
    const { epoch, offset, follows = offset - 1 } = each;
    expect(epoch).toBe(place.epoch);
    expect(offset, "told once, in order").toBeGreaterThan(Math.max(place.offset, furthest.get(epoch) ?? 0));
    furthest.set(epoch, offset);
    expect(follows).toBeLessThanOrEqual(place.offset);
    for (let between = place.offset + 1; between < offset; between += 1) {
      expect(stream.isReplaced(epoch, between), `${epoch}-${between} is neither told nor skipped`).toBe(true);
    }
    place = { epoch, offset };
  }
  expect(place).toEqual(feed.position);
  expect(place).toEqual(stream.position);
}

test("whatever is lost, late, doubled, forgotten or begun anew, each event is told once in its order, replaced, or skipped", () => {
  const steps = fc.array(arbitraryStep, { maxLength: 60, size: "max" });
  const property = fc.property(fc.boolean(), fc.integer({ min: 1, max: 4 }), steps, (isKept, pageSize, taken) => {
    const world = new World(isKept, pageSize);
    for (const step of taken) world.take(step);
    world.finish();
    expectNothingLost(world);
  });
  fc.assert(property, { numRuns: 5_000 });
});
