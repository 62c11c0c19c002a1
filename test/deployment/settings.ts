import { environmentVariables } from "tidings";
import { durationMs } from "../../src/base/duration.js";
import { serveVariables } from "../../src/cli/serve/serve-variables.js";
import { readRepositoryFile } from "../support/repository.js";

const variables = [...environmentVariables, ...serveVariables];

/** What holds where a deployment says nothing, such as `30s` for `TIDINGS_DRAIN_DEADLINE`. Throws where nothing does. */
export function defaultOf(name: string): string {
  const found = variables.find((variable) => variable.name === name)?.default;
  if (found === undefined) throw new Error(`${name} has no default.`);
  return found;
}

export function defaultMsOf(name: string): number {
  return durationMs(defaultOf(name) as `${number}s`, name); // it throws for what is none
}

/** Of these names those that Tidings would not read. */
export function unreadVariables(names: Iterable<string>): string[] {
  const known = new Set(variables.map(({ name }) => name));
  return [...names].filter((name) => name.startsWith("TIDINGS_") && !known.has(name));
}

/** All that a text names in capitals, be it set or only spoken of. */
export function variablesIn(text: string): string[] {
  return [...new Set(text.match(/\bTIDINGS_[A-Z_]+/g))];
}

/**
 * What is needed to end well: everybody is told and closed within `drain.deadline`; then handlers, hooks, and the broker have
 * as long again.
 */
export function neededToEndMs(): number {
  return 2 * defaultMsOf("TIDINGS_DRAIN_DEADLINE");
}

/** Where the command is in a project that has Tidings installed. */
export function installedCommand(): string {
  const { bin } = JSON.parse(readRepositoryFile("package.json"));
  return `node_modules/tidings/${bin.tidings.replace("./", "")}`;
}
