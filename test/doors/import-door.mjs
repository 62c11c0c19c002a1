// Imports a door, and prints as JSON what that has left behind: `node import-door.mjs <door> [<absent package>…]`. It must
// end by itself.
import { createHook } from "node:async_hooks";
import { register } from "node:module";

const [door, ...absent] = process.argv.slice(2);
register("./absent-packages.mjs", import.meta.url, { data: absent });

/** Of what is started, rather than of files that are read. */
const STARTED = new Set([
  "Timeout",
  "Immediate",
  "TCPWRAP",
  "TCPSERVERWRAP",
  "PIPEWRAP",
  "PIPESERVERWRAP",
  "UDPWRAP",
  "TLSWRAP",
  "HTTPINCOMINGMESSAGE",
  "HTTPCLIENTREQUEST",
  "PROCESSWRAP",
  "SIGNALWRAP",
  "WORKER",
  "FSEVENTWRAP",
  "STATWATCHER",
  "GETADDRINFOREQWRAP",
  "QUERYWRAP",
]);
const started = [];
const before = look();
const hook = createHook({ init: (_, type) => void (STARTED.has(type) && started.push(type)) }).enable();
await import(door);
hook.disable();
const after = look();

// What comes to be there only now is a global of Node's own, which it makes when it is first asked for.
const changed = Object.keys(before).filter((place) => before[place] !== after[place]);
console.log(
  JSON.stringify([...started.map((type) => `starts a ${type}`), ...changed.map((place) => `changes ${place}`)]),
);

/** Place → what is there, as text that can be compared. */
function look() {
  return {
    ...globals(),
    listeners: process
      .eventNames()
      .map((name) => `${String(name)} ${process.listenerCount(name)}`)
      .join(),
    "the environment": JSON.stringify(process.env),
    "the folder": process.cwd(),
    "the exit code": process.exitCode,
    "the title": process.title,
    "how deep a stack is": Error.stackTraceLimit,
  };
}

/** Of each global, its properties and those of its prototype: `Array.prototype has at, concat, …`. */
function globals() {
  const names = Object.getOwnPropertyNames(globalThis);
  const values = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)?.value]);
  const nouns = values.filter(
    ([, value]) => typeof value === "function" || (typeof value === "object" && value !== null),
  );
  const parts = nouns.flatMap(([name, value]) => [
    [name, value],
    [`${name}.prototype`, value.prototype],
  ]);
  const isThing = ([, thing]) => (typeof thing === "object" && thing !== null) || typeof thing === "function";
  const kept = parts.filter(isThing).map(([name, thing]) => [name, Reflect.ownKeys(thing).map(String).join()]);
  return { globals: names.join(), ...Object.fromEntries(kept) };
}
