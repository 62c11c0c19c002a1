import ts from "typescript";
import { findImports } from "./imports.js";
import { lineOf, namesOf, parseSource, placeOf, walk } from "./syntax.js";

const timers = ["setTimeout", "setInterval"];
const globals = ["globalThis", "window", "self", "timers"];
const waits = /^(sleep|delay|wait)(ms|millis|seconds)?$/i;
const polls = ["vi.useFakeTimers", "vi.waitFor", "vi.waitUntil", "expect.poll"];
const timerModules = /^(node:)?timers(\/promises)?$/;

const definers = ["it", "test", "describe", "suite"];
const chosenOut = ["skip", "only", "todo", "fixme", "skipIf", "runIf"];
const looseOptions = ["retry", "skip", "only", "todo"];

/** Where a test lets time pass or looks again and again, and where it is left out or tried again: `file:line: the line — why`. */
export function findWaiting(path: string, text: string): string[] {
  const imports = findImports(path, text)
    .filter(({ specifier }) => timerModules.test(specifier))
    .map(({ place, text: line }) => `${place}: ${line} — waits for time`);
  const faults = [...walk(parseSource(path, text))].flatMap((node) => {
    const fault = waitingFault(node) ?? choiceFault(node);
    return fault ? [`${placeOf(node)}: ${lineOf(node)} — ${fault}`] : [];
  });
  return [...imports, ...faults];
}

function waitingFault(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  // A timer handed on, as in promisify(setTimeout), is called all the same.
  if (node.arguments.some((argument) => isTimer(namesOf(argument)))) return "waits for time";
  if (ts.isCallExpression(node.expression)) return undefined;
  const names = namesOf(node.expression);
  const last = names.at(-1) ?? "";
  if (isTimer(names) || last === "waitForTimeout" || waits.test(last)) return "waits for time";
  return polls.includes(names.join(".")) ? "looks again and again, or fakes the timers" : undefined;
}

function isTimer(names: readonly string[]): boolean {
  const owner = names.at(-2);
  return timers.includes(names.at(-1) ?? "") && (owner === undefined || globals.includes(owner));
}

function choiceFault(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const isChoice = isOfDefiner(node.expression) && chosenOut.includes(node.name.text);
    return isChoice ? `.${node.name.text} chooses among the tests` : undefined;
  }
  const isOption = ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node);
  if (!isOption || !looseOptions.includes(node.name.getText())) return undefined;
  const call = node.parent.parent;
  const isOfTest = ts.isCallExpression(call) && isOfDefiner(call.expression);
  return isOfTest ? `the option ${node.name.getText()} hides a failure` : undefined;
}

function isOfDefiner(expression: ts.Node): boolean {
  return definers.includes(namesOf(expression)[0] ?? "");
}
