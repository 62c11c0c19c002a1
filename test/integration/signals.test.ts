import { expect, test } from "vitest";
import { Program } from "../support/child-process.js";
import { dial, type WsClient } from "../support/ws-client.js";

/** A process that runs a case of the program, and somebody who is connected to each of its apps. */
async function start(name: string) {
  const program = new Program("test/integration/programs/signals.ts", { CASE: name });
  await program.line(/^ready$/);
  const urls = program.stdout.flatMap((line) => / listens on (\S+)$/.exec(line)?.[1] ?? []);
  const clients: WsClient[] = [];
  for (const url of urls) {
    const client = await dial(`${url}/ws`);
    await client.takeAll();
    clients.push(client);
  }
  return { program, clients, said: (line: string) => program.stdout.filter((each) => each === line).length };
}

const goingAway = { code: 1001, reason: "going_away" };

test.each(["SIGTERM", "SIGINT"] as const)(
  "the first %s closes the app, its `close` handlers included, and ends the process with 0",
  async (signal) => {
    const { program, clients, said } = await start("an app");
    expect(await program.stop(signal)).toBe(0);
    expect(await clients[0]?.closed).toEqual(goingAway);
    expect(said("the app closed with 1001")).toBe(1);
    expect(program.stderr).toEqual([]);
  },
);

test("what was said till then is written before the process ends, be it more than a pipe holds", async () => {
  const { program } = await start("a close that says more than a pipe holds");
  expect(await program.stop("SIGTERM")).toBe(0);
  const lines = program.stdout.filter((line) => line.startsWith("line "));
  expect([lines.length, program.stdout.at(-1)]).toEqual([20_000, "the app closed with 1001"]);
});

test("all apps of a process are closed by one listener for each signal", async () => {
  const { program, clients, said } = await start("three apps");
  expect(said("listeners 1 1")).toBe(1);
  expect(await program.stop("SIGTERM")).toBe(0);
  for (const client of clients) expect(await client.closed).toEqual(goingAway);
  for (const name of ["first", "second", "third"]) expect(said(`${name} closed with 1001`)).toBe(1);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "a second signal (%s) does not wait: it ends the process with 1",
  async (second) => {
    const { program, said } = await start("an app that never closes");
    const exited = program.stop("SIGTERM");
    await program.line(/^closing$/);
    expect(await program.stop(second)).toBe(1);
    expect(await exited).toBe(1);
    expect(said("the app closed with 1001")).toBe(0);
  },
);

test("a signal that comes twice at once, as Ctrl-C under a parent does, is one", async () => {
  const { program, said } = await start("an app that closes after a second signal");
  const exited = program.stop("SIGTERM");
  await program.line(/^closing$/);
  expect(await program.stop("SIGINT")).toBe(0);
  expect(await exited).toBe(0);
  expect(said("closed after a second signal")).toBe(1);
  expect(said("the app closed with 1001")).toBe(1);
});

test("where somebody else listens to the signal the app is closed, and the process is theirs to end", async () => {
  const { program, clients, said } = await start("an app, and somebody else who listens");
  expect(await program.stop("SIGTERM")).toBe(7);
  expect(await clients[0]?.closed).toEqual(goingAway);
  expect(said("listeners 1")).toBe(1);
  expect(said("somebody else ends it")).toBe(1);
});

test("an app that listens to no signals leaves them to what they do without it", async () => {
  const { program, clients, said } = await start("an app that listens to none");
  expect(await program.stop("SIGTERM")).toBe("SIGTERM");
  expect(await clients[0]?.closed).toMatchObject({ code: 1006 });
  expect(said("the app closed with 1001")).toBe(0);
});

test("an app listens to those it is told, and to no others", async () => {
  const { program, clients, said } = await start("an app that listens to SIGHUP");
  expect(said("listeners 0 0")).toBe(1);
  expect(await program.stop("SIGHUP")).toBe(0);
  expect(await clients[0]?.closed).toEqual(goingAway);
});

test("an app that was closed listens no more: the signal does what it does without it", async () => {
  const program = new Program("test/integration/programs/signals.ts", { CASE: "an app that was closed" });
  await program.line(/^ready$/);
  expect(program.stdout).toContain("closed by itself");
  expect(await program.stop("SIGTERM")).toBe("SIGTERM");
});

test("an app that can't be closed ends the process with 1", async () => {
  const { program } = await start("a close that fails");
  expect(await program.stop("SIGTERM")).toBe(1);
});
