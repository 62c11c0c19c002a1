import { TidingsError } from "tidings";
import { type Simulation, startSimulation } from "tidings/testing";
import { FakeClock } from "../../src/testing/fake-clock.js";
import { Network } from "../../src/testing/network.js";
import { Actor } from "./actor.js";
import type { AnyClient } from "./any-client.js";
import type { Conduct } from "./conduct.js";
import { Ledger, Witness } from "./ledger.js";
import { CLIENTS, describeStep, type Program, type Step, type TaskEnd } from "./program.js";
import { createPromisingApp, type KindName, kindNames } from "./promising-app.js";
import { TaskTruth } from "./task-truth.js";
import { WireTap } from "./wire-tap.js";

export interface Outcome {
  /** What went against a promise; none where all were kept. */
  readonly violations: readonly string[];
  /** What happened when, line by line. */
  readonly journal: readonly string[];
}

/** Never rejects: what throws is a violation. */
export async function runProgram(program: Program): Promise<Outcome> {
  const run = new Run(program);
  try {
    await run.begin();
    for (const step of program.steps) await run.take(step);
    await run.finish();
  } catch (error) {
    run.broke(error);
  }
  return run;
}

/** While the app restarts nothing can be asked of it. */
async function whereUp(done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof TidingsError) || error.code !== "unavailable") throw error;
  }
}

const USERS = ["ana", "ana", "cem"];
const START_MS = Date.UTC(2026, 0, 1);
const TOKEN_MS = 60_000;
const KICKED = 4_000;
/** For a client that has lost one connection. */
const LONGEST_DIAL_MS = 3_000;

/** One run of a program: an app, its clients, and all that was promised. */
class Run implements Outcome {
  readonly violations: string[] = [];
  readonly journal: string[] = [];
  readonly #program: Program;
  readonly #ledger = new Ledger();
  readonly #witness: Witness;
  readonly #truth = new TaskTruth(() => this.#witness.losses);
  readonly #app: ReturnType<typeof createPromisingApp>;
  readonly #handled = new Map<number, number>();
  /** Connection → the newest of its messages. */
  readonly #newest = new Map<string, number>();
  #world: Simulation | undefined;
  #actors: readonly Actor[] = [];
  #lastN = 0;
  #isCalm = false;

  constructor(program: Program) {
    this.#program = program;
    const violate = (what: string) => this.#violate(what);
    const nowMs = () => this.#world?.clock.now() ?? 0;
    const note = (what: string) => this.#note(what);
    this.#witness = new Witness({ ledger: this.#ledger, truth: this.#truth, nowMs, note, violate });
    this.#app = createPromisingApp({
      broker: this.#witness,
      ledger: this.#ledger,
      nowMs,
      pass: (ms) => new Promise((resolve) => this.#clock.after(ms, resolve)),
      handled: ({ connection, n }) => {
        this.#handled.set(n, (this.#handled.get(n) ?? 0) + 1);
        if (n < (this.#newest.get(connection) ?? 0)) violate(`${n} is handled after ${this.#newest.get(connection)}`);
        this.#newest.set(connection, n);
      },
      openMs: () => (this.#world?.random() ?? 0) * program.setting.openMs,
      outbox: program.setting.outbox,
      takes: program.setting.takes,
      failed: violate,
    });
  }

  async begin(): Promise<void> {
    const { seed, setting } = this.#program;
    const weather = { latency: `${setting.delayMs}ms`, restarts: "90s" } as const;
    const world = await startSimulation(this.#app.app, { seed, weather: setting.isStormy ? weather : false });
    this.#world = world;
    world.network.setLatency(["0ms", `${setting.delayMs}ms`]);
    const nowMs = () => world.clock.now();
    this.#actors = USERS.slice(0, CLIENTS).map(
      (user, index) =>
        new Actor({
          name: `client ${index}`,
          user,
          connect: (openings, conduct) => this.#connect(world, user, openings, conduct),
          retryOn: [KICKED],
          ledger: this.#ledger,
          truth: this.#truth,
          nowMs,
          losses: () => this.#witness.losses,
          mayOverflow: setting.outbox < 1_000_000,
          isRated: setting.takes !== "all",
          createN: () => this.#createN(),
          handled: (n) => this.#handled.get(n) ?? 0,
          note: (what) => this.#note(what),
          violate: (what) => this.#violate(what),
        }),
    );
    for (const actor of this.#actors) for (const name of setting.on) actor.subscribe(name, 0);
  }

  async take(step: Step): Promise<void> {
    const world = this.#started;
    this.#note(`– ${describeStep(step)}`);
    switch (step.do) {
      case "pass":
        await world.clock.advance(`${step.ms}ms`);
        this.#check();
        return;
      case "say":
        for (let time = 0; time < step.times; time += 1) await this.#say(step.on);
        return;
      case "restart":
        if (step.memory === "lost") this.#witness.forget();
        await world[step.how === "drained" ? "restart" : "crash"]({ downFor: `${step.downMs}ms` });
        return;
    }
    const actor = this.#actors[step.who];
    if (actor === undefined) return;
    switch (step.do) {
      case "subscribe":
        actor.subscribe(step.on, step.rewind);
        return;
      case "publish":
      case "unsubscribe":
      case "flicker":
      case "history":
        actor[step.do](step.on);
        return;
      case "ask":
        actor.ask(step.ms, step.how);
        return;
      case "burst":
        if (step.isSilent) {
          actor.trouble(true);
          world.network.silence(actor.client);
        }
        for (let time = 0; time < step.times; time += 1) {
          actor.publish(step.on);
          await world.clock.advance(`${step.eachMs}ms`);
        }
        return;
      case "remount":
        for (let time = 0; time < step.times; time += 1) {
          actor.unsubscribe(step.on);
          await world.clock.advance("20ms");
          actor.subscribe(step.on, 0);
          await world.clock.advance("20ms");
        }
        return;
      case "flap":
        await this.#flap(actor, step.on, step.openMs);
        return;
      case "startTask":
        await whereUp(this.#startTask(actor.user, step.ms, step.end));
        return;
      case "cancelTask": {
        const id = this.#truth.latestOf(actor.user);
        if (id !== undefined) actor.cancelTask(id);
        return;
      }
      case "note":
      case "askInVain":
      case "replace":
        actor[step.do]();
        return;
      case "kick":
        await whereUp(world.app.disconnectUser(actor.user, { code: KICKED }));
        return;
      case "cutServerSide":
        this.#network.of(actor.client).endServerSide();
        return;
      case "mend":
        this.#mend(actor);
        return;
      default:
        actor.trouble(step.do === "silence" || step.do === "goOffline");
        world.network[step.do](actor.client);
    }
  }

  /** It loses its connection, misses something, and loses the next one when that has been open for so long. */
  async #flap({ client }: Actor, on: KindName, openMs: number): Promise<void> {
    const world = this.#started;
    world.network.cut(client);
    await this.#say(on);
    for (let ms = 0; client.status !== "open" && ms < LONGEST_DIAL_MS; ms += 50) await world.clock.advance("50ms");
    await world.clock.advance(`${openMs}ms`);
    await this.#say(on);
    world.network.cut(client);
  }

  #mend(actor: Actor): void {
    const { network } = this.#started;
    this.#check();
    const isToBeTold = this.#network.of(actor.client).isOffline && actor.client.status === "waiting";
    actor.isSilent = false;
    network.mend(actor.client);
    if (isToBeTold && actor.client.status !== "connecting")
      this.#violate(`${actor.name} does not dial though it is online`);
  }

  /** What must be so at any time. */
  #check(): void {
    for (const actor of this.#actors) actor.check();
    for (const { usedCount } of this.#network.all) {
      if (usedCount > 1) this.#violate(`a client has ${usedCount} connections`);
    }
  }

  /** The end of all trouble: whatever was promised must be there now. */
  async finish(): Promise<void> {
    const world = this.#started;
    this.#isCalm = true;
    for (const actor of this.#actors) this.#mend(actor);
    world.network.setLatency("0ms");
    await world.calm();
    for (const name of kindNames) await this.#say(name);
    await world.clock.advance("1s");
    const present = new Set(this.#actors.filter((actor) => actor.isOn("log")).map(({ user }) => user));
    for (const actor of this.#actors) actor.finish(present, this.#program.setting.takes === "little");
    await this.#leave(world);
  }

  /** Everybody goes, and nothing stays. */
  async #leave(world: Simulation): Promise<void> {
    for (const actor of this.#actors) actor.leave();
    await world.clock.advance("6s");
    for (const actor of this.#actors) actor.checkSettled();
    const { connections, channels, outboxBytes, waitingBytes, pending } = world.app.stats();
    const left = Object.values({ connections, channels, outboxBytes, waitingBytes, pending });
    if (left.some((count) => count !== 0)) this.#violate(`the server is left with ${left}`);
    for (const uplink of this.#network.all) {
      if (uplink.listenerCount > 0) this.#violate("a closed client still listens to the network");
      if (uplink.openCount > 0) this.#violate("a closed client has left a connection");
    }
    await world[Symbol.asyncDispose]();
    if (!this.#program.setting.isStormy && this.#clock.size > 0) {
      this.#violate(`${this.#clock.size} timers are left`);
    }
  }

  async #startTask(user: string, ms: number, end: TaskEnd): Promise<void> {
    const n = this.#createN();
    const task = { id: `t${n}`, user, result: n, end };
    await this.#app.begin(task, ms);
    this.#truth.begin(task);
    for (const actor of this.#actors) if (actor.user === user) actor.awaitTask(task.id);
  }

  #connect(world: Simulation, user: string, openings: () => number, conduct: Conduct): AnyClient {
    const { tokens, repeats } = this.#program.setting;
    // A second that has expired, with no connection between the two, would close the client: as it must.
    let staleAt: number | undefined;
    const later = (ms: number) => new Promise<void>((resolve) => this.#clock.after(ms, resolve));
    const token = (): string | Promise<string> => {
      const isBad = !this.#isCalm && world.random() < 0.3;
      if (tokens === "expiring") return `${user}~${world.clock.now() + TOKEN_MS}`;
      if (tokens === "failing" && isBad) throw new Error("There is no token now.");
      if (tokens === "slow" && isBad) return later(world.random() * 15_000).then(() => user);
      if (tokens !== "stale" || !isBad || staleAt === openings()) return user;
      staleAt = openings();
      return `${user}~1`;
    };
    const tap = new WireTap(conduct, () => repeats && world.random() < 0.3);
    const options = { token, retryOn: [KICKED] };
    // The contract is known to the reader of this test, and to no type.
    return tap.around(
      this.#network,
      () => world.client<never>("/ws" as never, options as never) as unknown as AnyClient,
    );
  }

  async #say(name: KindName): Promise<void> {
    await whereUp(this.#app.say(name, this.#createN()));
  }

  broke(error: unknown): void {
    this.#violate(`it broke: ${error instanceof Error ? error.stack : String(error)}`);
  }

  #note(what: string): void {
    this.journal.push(`${((this.#world?.clock.now() ?? START_MS) - START_MS) / 1_000} s: ${what}`);
  }

  #violate(what: string): void {
    this.violations.push(what);
    this.#note(`VIOLATED: ${what}`);
  }

  #createN(): number {
    this.#lastN += 1;
    return this.#lastN;
  }

  get #started(): Simulation {
    if (this.#world === undefined) throw new Error("It has not begun.");
    return this.#world;
  }

  get #clock(): FakeClock {
    const { clock } = this.#started;
    if (!(clock instanceof FakeClock)) throw new TypeError("A simulation has a clock of its own.");
    return clock;
  }

  get #network(): Network {
    const { network } = this.#started;
    if (!(network instanceof Network)) throw new TypeError("A simulation has a network of its own.");
    return network;
  }
}
