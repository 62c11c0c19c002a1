import { expect, test } from "vitest";
import { FakeView, reportOf } from "../../test/support/fake-view.js";
import type { App } from "../declare/app.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { FakeClock, settle } from "../testing/fake-clock.js";
import type { ProcessSample, Question } from "./contract.js";
import { Desk, type PageConnection } from "./desk.js";

/** Something that was said, and how: on which channel, or to which page directly. */
interface Said {
  readonly to: string;
  readonly payload: Partial<ProcessSample> & { readonly about?: string; readonly ask?: string };
}

/** Processes that hear each other, and a broker that can go away. */
class World {
  readonly clock = new FakeClock({ startMs: 1_000_000 });
  readonly said: Said[] = [];
  readonly notices: unknown[] = [];
  readonly errors: unknown[] = [];
  readonly processes: Process[] = [];
  broker: "there" | "away" | "slow" = "there";

  start(name: string): Process {
    const process = new Process(this, name);
    this.processes.push(process);
    return process;
  }

  /** What was said since it was asked last, about this. */
  take(about: "samples" | "answers"): Said[] {
    const taken = this.said.filter(({ payload }) => "about" in payload === (about === "answers"));
    for (const each of taken) this.said.splice(this.said.indexOf(each), 1);
    return taken;
  }

  tell(what: unknown): void {
    this.notices.push(what);
    for (const { hear } of this.processes) for (const listener of hear) listener(JSON.parse(JSON.stringify(what)));
  }
}

class Process {
  readonly view: FakeView;
  readonly desk: Desk;
  readonly hear: ((what: unknown) => void)[] = [];
  readonly closings: (() => Promise<unknown>)[] = [];
  readonly #world: World;

  constructor(world: World, name: string) {
    this.#world = world;
    this.view = new FakeView(name);
    const { clock, errors } = world;
    const publish = async ({ channel }: { readonly channel: string }, _: string, payload: Said["payload"]) => {
      if (world.broker === "slow") return new Promise<never>(() => {});
      this.#check();
      world.said.push({ to: channel, payload });
    };
    this.desk = new Desk({
      app: { publish } as unknown as Pick<App, "publish">, // what it gives nobody looks at
      host: {
        clock,
        view: this.view,
        notify: async (_, what) => {
          this.#check();
          world.tell(what);
        },
        onNotice: (_, listener) => void this.hear.push(listener),
        onClosing: (run) => void this.closings.push(run),
        report: (error) => void errors.push(error),
      },
    });
  }

  page(id: string): PageConnection & { readonly joined: string[] } {
    const joined: string[] = [];
    return {
      id,
      joined,
      join: async (...refs) => {
        this.#check();
        joined.push(...refs.map((ref) => (ref as { readonly channel: string }).channel)); // and no advice
      },
      send: (_, ...[payload = {}]) => {
        this.#world.said.push({ to: `${id} directly`, payload });
        return true;
      },
    };
  }

  #check(): void {
    if (this.#world.broker === "away") throw new TidingsError("unavailable");
  }
}

const list = (ask: string, text = ""): Question => ({ ask, about: "connections", text, which: "open" });
const by = (said: readonly Said[]) => said.map(({ to, payload }) => `${to} of ${payload.process}`);

test("while nobody looks nothing is said, and there is no timer", async () => {
  const world = new World();
  world.start("p1");
  await world.clock.advance("1m");
  expect([world.said, world.notices, world.clock.size]).toEqual([[], [], 0]);
});

test("while a page is open anywhere every process tells of itself once a second, by one timer each", async () => {
  const world = new World();
  const [p1, p2] = [world.start("p1"), world.start("p2")];
  p2.view.add("c1", { trouble: { word: "stopped reading", sinceMs: 0, detail: "" } });
  const page = p1.page("page");
  await p1.desk.enter(page);
  await settle();
  expect(page.joined).toEqual(["$dashboard/answers/page"]);
  expect(new Set(by(world.take("samples")))).toEqual(new Set(["$dashboard of p1", "$dashboard of p2"]));
  await world.clock.advance("3s");
  const samples = world.take("samples");
  expect(samples).toHaveLength(6);
  expect(samples.findLast(({ payload }) => payload.process === "p2")?.payload).toMatchObject({
    atMs: 1_003_000,
    connections: 1,
    slow: 1,
    loopDelayMaxMs: 3,
  });
  expect(world.clock.size).toBe(2);
  p1.desk.leave(page);
  await world.clock.advance("2s");
  expect([world.take("samples"), world.clock.size]).toEqual([[], 0]);
});

test("who looked at a process that has died is forgotten after 15 s", async () => {
  const world = new World();
  const [p1] = [world.start("p1"), world.start("p2")];
  await p1.desk.enter(p1.page("page"));
  await settle();
  for (const close of p1.closings) await close();
  world.take("samples");
  await world.clock.advance("30s");
  expect(by(world.take("samples"))).toEqual(Array.from({ length: 14 }, () => "$dashboard of p2"));
  expect(world.clock.size).toBe(0);
});

test("a page that stays goes on hearing from all", async () => {
  const world = new World();
  const [p1] = [world.start("p1"), world.start("p2")];
  await p1.desk.enter(p1.page("page"));
  await world.clock.advance("60s");
  expect(world.take("samples").filter(({ payload }) => payload.process === "p2")).toHaveLength(61);
  expect(world.notices).toHaveLength(13);
});

test("a question is answered by every process at once, and again when the answer has changed", async () => {
  const world = new World();
  const [p1, p2] = [world.start("p1"), world.start("p2")];
  const page = p1.page("page");
  await p1.desk.enter(page);
  await world.clock.advance("300ms");
  p1.desk.ask(page, list("q1"));
  await settle();
  const nothing = { ask: "q1", about: "connections", rows: [], count: 0 };
  expect(new Set(world.take("answers"))).toEqual(
    new Set(["p1", "p2"].map((process) => ({ to: "$dashboard/answers/page", payload: { ...nothing, process } }))),
  );
  await world.clock.advance("2s");
  expect(world.take("answers")).toEqual([]);
  p2.view.add("c1");
  await world.clock.advance("1s");
  expect(world.take("answers")).toMatchObject([{ payload: { process: "p2", rows: [{ id: "c1" }], count: 1 } }]);
});

test("what has not changed is said again every 5 s, for who missed it", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const page = p1.page("page");
  await p1.desk.enter(page);
  p1.desk.ask(page, list("q1"));
  await world.clock.advance("11s");
  expect(world.take("answers")).toHaveLength(3);
});

test("who is answered already is not answered again because another one asks", async () => {
  const world = new World();
  const [p1] = [world.start("p1"), world.start("p2")];
  const [page, other] = [p1.page("page"), p1.page("other")];
  await p1.desk.enter(page);
  await p1.desk.enter(other);
  p1.desk.ask(page, list("q1"));
  await world.clock.advance("1s");
  world.take("answers");
  p1.desk.ask(other, list("q2"));
  await world.clock.advance("3s");
  expect(by(world.take("answers")).sort()).toEqual(["p1", "p2"].map((name) => `$dashboard/answers/other of ${name}`));
});

test("who asks with every key that is pressed is answered at once, and told of the process once a second all the same", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const page = p1.page("page");
  await p1.desk.enter(page);
  await world.clock.advance("1s");
  world.take("samples");
  for (let n = 0; n < 10; n += 1) {
    p1.desk.ask(page, list(`q${n}`));
    await world.clock.advance("200ms");
  }
  expect(world.take("answers").map(({ payload }) => payload.ask)).toEqual(
    Array.from({ length: 10 }, (_, n) => `q${n}`),
  );
  expect(world.take("samples").length).toBeLessThan(5);
});

test("the next question takes the place of the last, and who asks nothing more is told nothing more", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const page = p1.page("page");
  await p1.desk.enter(page);
  p1.desk.ask(page, list("q1"));
  await world.clock.advance("1s");
  world.take("answers");
  p1.desk.ask(page, list("q2"));
  await world.clock.advance("6s");
  expect(new Set(world.take("answers").map(({ payload }) => payload.ask))).toEqual(new Set(["q2"]));
  p1.desk.ask(page, { ask: "q3", about: "nothing" });
  await world.clock.advance("6s");
  expect(world.take("answers")).toEqual([]);
});

test("of one connection the process tells that has it, and goes on when it has closed; the others are silent", async () => {
  const world = new World();
  const [p1, p2] = [world.start("p1"), world.start("p2")];
  const page = p1.page("page");
  await p1.desk.enter(page);
  p2.view.add("c1");
  p1.desk.ask(page, { ask: "q1", about: "connection", id: "c1" });
  await world.clock.advance("1s");
  expect(world.take("answers")).toMatchObject([
    { payload: { process: "p2", about: "connection", atMs: 1_000_100, report: { id: "c1", stage: "open" } } },
  ]);
  p2.view.all.clear();
  p2.view.over.push(reportOf("c1", { stage: "closed" }));
  await world.clock.advance("1s");
  expect(world.take("answers")).toMatchObject([{ payload: { process: "p2", report: { stage: "closed" } } }]);
});

test("when a page goes its question goes with it, in every process", async () => {
  const world = new World();
  const [p1] = [world.start("p1"), world.start("p2")];
  const [page, other] = [p1.page("page"), p1.page("other")];
  await p1.desk.enter(page);
  await p1.desk.enter(other);
  p1.desk.ask(page, list("q1"));
  await world.clock.advance("1s");
  world.take("answers");
  p1.desk.leave(page);
  await world.clock.advance("10s");
  expect(world.take("answers")).toEqual([]);
  expect(world.take("samples").length).toBeGreaterThan(10);
});

test("of one process 25 pages may ask; one more is told so, and may when another is done", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const pages = Array.from({ length: 26 }, (_, n) => p1.page(`page${n}`));
  for (const page of pages) await p1.desk.enter(page);
  const [first, ...others] = pages;
  const last = others.pop();
  if (first === undefined || last === undefined) throw new Error("There are 26.");
  for (const page of [first, ...others]) p1.desk.ask(page, list(page.id));
  expect(() => p1.desk.ask(last, list("q"))).toThrow(expect.objectContaining({ code: "too_many_questions" }));
  p1.desk.ask(first, list("another"));
  p1.desk.ask(first, { ask: "q", about: "nothing" });
  p1.desk.ask(last, list("q"));
  expect(() => p1.desk.ask(first, list("q"))).toThrow();
  p1.desk.leave(last);
  p1.desk.ask(first, list("q"));
  await world.clock.advance("1s");
  expect(new Set(world.take("answers").map(({ to }) => to)).size).toBe(25);
});

test("where very much is asked each question waits for its turn, and none is left out", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const asked = (process: string) => ({
    process,
    looks: true,
    asked: Array.from({ length: 25 }, (_, n) => ({ by: `${process}-${n}`, question: list(`q${n}`, `${process}${n}`) })),
  });
  for (const process of ["p2", "p3", "p4"]) world.tell(asked(process));
  await settle();
  expect(new Set(by(world.take("answers"))).size).toBe(20);
  await world.clock.advance("1s");
  expect(new Set(by(world.take("answers"))).size).toBe(55);
  expect(p1.view.process).toBe("p1");
});

test("while the broker is away this process goes on telling its own pages, of itself alone", async () => {
  const world = new World();
  const [p1, p2] = [world.start("p1"), world.start("p2")];
  const page = p1.page("page");
  await p1.desk.enter(page);
  await world.clock.advance("1s");
  world.take("samples");
  world.broker = "away";
  // It is found out a moment later.
  await world.clock.advance("1s");
  expect(by(world.take("samples"))).toEqual(["page directly of p1"]);
  for (const { view } of [p1, p2]) view.isBrokerAway = true;
  p1.desk.ask(page, list("q1"));
  await world.clock.advance("32s");
  expect(new Set(by(world.take("samples")))).toEqual(new Set(["page directly of p1"]));
  expect(new Set(by(world.take("answers")))).toEqual(new Set(["page directly of p1"]));
  world.broker = "there";
  for (const { view } of [p1, p2]) view.isBrokerAway = false;
  await world.clock.advance("1s");
  expect(new Set(by(world.take("samples")))).toEqual(new Set(["$dashboard of p1", "$dashboard of p2"]));
  expect(new Set(by(world.take("answers")))).toEqual(
    new Set(["$dashboard/answers/page of p1", "$dashboard/answers/page of p2"]),
  );
  expect(world.errors).toEqual([]);
});

test("a page that comes while the broker is away is told all the same, and is on its channel when it is back", async () => {
  const world = new World();
  const p1 = world.start("p1");
  world.broker = "away";
  p1.view.isBrokerAway = true;
  const page = p1.page("page");
  await p1.desk.enter(page);
  await settle();
  expect([page.joined, by(world.take("samples"))]).toEqual([[], ["page directly of p1"]]);
  world.broker = "there";
  p1.view.isBrokerAway = false;
  await world.clock.advance("3s");
  expect(page.joined).toEqual(["$dashboard/answers/page"]);
});

test("where publishes wait for the broker no more than one of each waits, and pages of this process are told meanwhile", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const page = p1.page("page");
  world.broker = "slow";
  await p1.desk.enter(page);
  await world.clock.advance("3s");
  expect(by(world.take("samples"))).toEqual(Array.from({ length: 3 }, () => "page directly of p1"));
});

test("what is said while it is known to be away does not wait for it", async () => {
  const world = new World();
  const p1 = world.start("p1");
  world.broker = "slow";
  p1.view.isBrokerAway = true;
  await p1.desk.enter(p1.page("page"));
  await world.clock.advance("3s");
  world.take("samples");
  world.broker = "there";
  p1.view.isBrokerAway = false;
  await world.clock.advance("1s");
  expect(by(world.take("samples"))).toEqual(["$dashboard of p1"]);
});

test("whatever other processes say nothing breaks, and its own echo is not taken for news", async () => {
  const world = new World();
  const p1 = world.start("p1");
  await p1.desk.enter(p1.page("page"));
  await settle();
  for (const odd of [null, 7, "x", [], { process: "p2", looks: true }, { process: "p1", looks: false, asked: [] }]) {
    world.tell(odd);
  }
  world.take("samples");
  await world.clock.advance("2s");
  expect(by(world.take("samples"))).toEqual(["$dashboard of p1", "$dashboard of p1"]);
  expect(world.errors).toEqual([]);
});

test("what fails otherwise is reported, and the next second tells of it again", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const { figures } = p1.view;
  p1.view.figures = () => {
    throw new Error("as it is");
  };
  await p1.desk.enter(p1.page("page"));
  await settle();
  expect(world.errors).toEqual([new Error("as it is")]);
  p1.view.figures = figures;
  await world.clock.advance("1s");
  expect(by(world.take("samples"))).toEqual(["$dashboard of p1"]);
});

test("when the app closes it says nothing more", async () => {
  const world = new World();
  const p1 = world.start("p1");
  const page = p1.page("page");
  await p1.desk.enter(page);
  await settle();
  p1.desk.leave(page);
  await Promise.all(p1.closings.map((close) => close()));
  world.take("samples");
  await world.clock.advance("30s");
  expect([world.take("samples"), world.clock.size]).toEqual([[], 0]);
});
