import { once } from "node:events";
import { createServer } from "node:net";
import { type App, createApp, endpoint } from "tidings";
import { closeOnSignals } from "../../../src/app/signals.js";
import { silentLogger } from "../../../src/base/logger.js";

// What a signal does to a process: each case is one way to listen to it. The test sends the signals.

/** The time by which two signals are told apart stands still until a case moves it. */
let nowMs = 1_000;
performance.now = () => nowMs;

const never = () => new Promise<never>(() => {});

const cases: Readonly<Record<string, () => Promise<void>>> = {
  async "an app"() {
    await listen("the app");
  },

  async "three apps"() {
    for (const name of ["first", "second", "third"]) await listen(name);
    say(`listeners ${process.listenerCount("SIGTERM")} ${process.listenerCount("SIGINT")}`);
  },

  async "an app that never closes"() {
    await listen("the app", {
      async close() {
        nowMs += 501;
        say("closing");
        await never();
      },
    });
  },

  async "an app that closes after a second signal"() {
    await listen("the app", {
      async close() {
        say("closing");
        await once(process, "SIGINT");
        say("closed after a second signal");
      },
    });
  },

  async "an app, and somebody else who listens"() {
    const app = await listen("the app");
    const others = await stayAlive();
    process.on("SIGTERM", async () => {
      await app.close();
      // Who would end the process has had its chance.
      for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
      say(`listeners ${process.listenerCount("SIGTERM")}`);
      say("somebody else ends it");
      process.exitCode = 7;
      others.close();
    });
  },

  async "an app that listens to none"() {
    await listen("the app", { signals: [] });
  },

  async "an app that listens to SIGHUP"() {
    await listen("the app", { signals: ["SIGHUP"] });
    say(`listeners ${process.listenerCount("SIGTERM")} ${process.listenerCount("SIGINT")}`);
  },

  async "an app that was closed"() {
    const app = await listen("the app");
    await stayAlive();
    await app.close();
    say("closed by itself");
  },

  async "a close that says more than a pipe holds"() {
    await listen("the app", {
      close() {
        for (let number = 1; number <= 20_000; number += 1) say(`line ${number} of many ${"x".repeat(200)}`);
      },
    });
  },

  async "a close that fails"() {
    closeOnSignals(["SIGTERM"], () => Promise.reject(new Error("still in use")));
    await stayAlive();
  },
};

interface ListenOptions {
  readonly close?: () => unknown;
  readonly signals?: readonly "SIGHUP"[];
}

async function listen(name: string, { close = () => {}, signals }: ListenOptions = {}): Promise<App> {
  const work = endpoint("/ws", {
    async close(_, { code }) {
      await close();
      say(`${name} closed with ${code}`);
    },
  });
  const app = createApp({
    endpoints: [work],
    logger: silentLogger,
    limits: { close: "1m" },
    drain: { deadline: "1m" },
  });
  const { url } = await app.listen(0, { signals });
  say(`${name} listens on ${url}`);
  return app;
}

/** As long as it is there the process has something to do. */
async function stayAlive() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await cases[process.env.CASE ?? ""]?.();
say("ready");
