// The process that runs the app for `tidings dev`, which has started it. It ends with whoever started it.
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { type App, ConfigError, TidingsError } from "../../index.js";
import { appIn, noApp } from "../load-app.js";
import { missingPackage } from "../missing-package.js";
import { type Failure, Terminal } from "../terminal.js";
import { gateListening } from "./listen-gate.js";
import type { ChildSays, ChildTask, ParentSays } from "./messages.js";
import { endWithParent } from "./parent-watch.js";
import { Seat } from "./seat.js";

const [node = "node", , taskJson = "{}"] = process.argv;
const task: ChildTask = JSON.parse(taskJson); // as `tidings dev` has written it
const shown = relative(process.cwd(), task.file) || task.file;
const terminal = new Terminal(process, task);
const seat = new Seat(say);
/** Of an app that listens because it is exported, and not by itself, more is told than that. */
let ours: App | undefined;
/** Later on it matters who did not catch an error. */
let isStarting = true;

// The module sees what it would if Node ran it.
process.argv = [node, task.file];
(globalThis as { [key: symbol]: unknown })[Symbol.for("tidings.handover.1")] = seat;
gateListening({ isOpen: () => seat.isTurn, opens: () => seat.ask(), listening: sayThatItListens });
process.on("disconnect", () => process.exit(0));
endWithParent();
process.on("message", (said: ParentSays) => {
  if (said.is === "turn") seat.begin(said);
  if (said.is === "leave") void leave();
});
// A module that neither exports an app nor listens has nothing to do: the line to its parent is to keep it no longer than that.
process.channel?.unref();
process.on("beforeExit", () => {
  if (!seat.hasAsked) fail(noApp(shown));
});
process.on("uncaughtException", (error) => {
  // An app that has a listener of its own decides by itself.
  if (process.listenerCount("uncaughtException") === 1) fail(error);
});

await run();

async function run(): Promise<void> {
  try {
    const exported = appIn(await import(pathToFileURL(task.file).href), shown);
    if (exported === undefined || seat.isListening(exported)) return;
    ours = exported;
    await seat.ask();
    const { url, pages } = await ours.listen(task.port, { host: task.host });
    say({ is: "listening", url, pages });
  } catch (error) {
    fail(error);
  } finally {
    isStarting = false;
  }
}

function sayThatItListens(): void {
  if (ours === undefined) say({ is: "listening" });
}

async function leave(): Promise<void> {
  endWith({ is: "left", states: await seat.leave() }, 0);
}

/** What it knows the next one may still go on with: its connections end with the process. */
function fail(error: unknown): void {
  const known = knownFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  const failure = known ?? { code: "module_failed", message };
  if (known !== undefined || task.isJson) terminal.error(failure);
  else process.stderr.write(`${shownStack(error)}\n`);
  say({ is: "failed", failure });
  endWith({ is: "left", states: seat.states() }, 1);
}

/** Without the places in Node and in packages that it went through: what is to be mended is the user's. */
function shownStack(error: unknown): string {
  const lines = inspect(error, { colors: process.stderr.isTTY === true }).split("\n");
  return lines.filter((line) => !/^\s+(\S*)at .*(node:|node_modules)/.test(line)).join("\n");
}

/** What needs no stack to be mended. */
function knownFailure(error: unknown): Failure | undefined {
  const mistake = error instanceof ConfigError ? error : missingPackage(error);
  if (mistake !== undefined) {
    const { code, fix, message } = mistake;
    return { code, message: message.replace(` ${fix}`, ""), fix };
  }
  if (!isStarting || !(error instanceof TidingsError) || error.code !== "unavailable") return undefined;
  return { code: error.code, message: error.message, fix: "See that it runs, and that its address is right." };
}

function say(what: ChildSays): void {
  // Where the parent is gone, so is this process in a moment.
  if (process.connected) process.send?.(what);
}

function endWith(what: ChildSays, code: number): void {
  if (!process.connected || process.send === undefined) process.exit(code);
  process.send(what, () => process.exit(code));
}
