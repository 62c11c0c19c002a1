import { createInterface } from "node:readline";

/**
 * How a server tells the bench what it used up. It is asked by a line on stdin, and answers with a line on stdout.
 *
 * CPU time is that of the whole process: its collector's and compiler's threads too.
 *
 * @param {number} [port]
 * @param {Readonly<Record<string, (what: any) => unknown>>} [answers] to questions of its own; they come before the others
 */
export function report(port, answers = {}) {
  const lines = createInterface({ input: process.stdin });
  let session;
  const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
  lines.on("line", async (line) => {
    const [question] = line.split(" ", 1);
    if (answers[question] !== undefined) {
      const what = line.slice(question.length + 1);
      say(await attempt(() => answers[question](what === "" ? undefined : JSON.parse(what))));
    } else if (line === "cpu") {
      const { user, system } = process.cpuUsage();
      say({ seconds: (user + system) / 1e6, userSeconds: user / 1e6 });
    } else if (line === "memory") {
      say(await settledMemory());
    } else if (line === "profile") {
      session = await startProfile();
      say({});
    } else if (line === "profiled") {
      say((await session.post("Profiler.stop")).profile);
    } else {
      say({ error: `There is no "${line}".` });
    }
  });
  // The bench is gone.
  lines.on("close", () => process.exit());
  say({ port });
}

async function attempt(answer) {
  try {
    return (await answer()) ?? {};
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function startProfile() {
  const { Session } = await import("node:inspector/promises");
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
  return session;
}

/** Where the collector can be called it is, until nothing more is freed. */
async function settledMemory() {
  const collect = globalThis.gc ?? globalThis.Bun?.gc;
  for (let round = 0; round < 8; round += 1) {
    collect?.(true);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

export const isCompressing = process.argv.includes("--compression");
export const isKeeping = process.argv.includes("--history");
/** `on` or `off`; undefined: as an app has it that says nothing of it. */
export const metrics = process.argv.find((arg) => arg.startsWith("--metrics="))?.split("=")[1];

/** Where a connection listens: `/ws/rooms/<room>`; anywhere else it only speaks. */
export function roomOf(path) {
  const [, kind, room] = /^\/ws\/([a-z]+)\/([^/?]+)/.exec(path) ?? [];
  return kind === "rooms" ? `chat/${room}` : undefined;
}

/** What everyone in the room hears. The text is that of an event of Tidings, so that all write the same bytes. */
export function saidBy(name, text) {
  return JSON.stringify({ type: "said", channel: "chat/lobby", payload: { from: name, text } });
}
