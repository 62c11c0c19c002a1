// What each thread of a WorkerPool loads. It is JavaScript, for Node 20 loads nothing else in a thread.
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { inspect } from "node:util";
import { parentPort } from "node:worker_threads";

/** Whose work something was called by. One is done at a time, but what a former one left behind may still call back. */
const works = new AsyncLocalStorage();
/** The one that is done at present, or was last. */
let present;

/**
 * Does one errand.
 *
 * @param {import("./worker-pool.js").Errand} errand
 * @returns {Promise<import("./worker-pool.js").Outcome>}
 */
export default function run(errand) {
  const work = { module: errand.module, isOver: false };
  present = work;
  return works.run(work, async () => {
    const outcome = await perform(errand);
    work.isOver = true;
    // A promise that it left rejected is seen now. Without anything to do the thread stands still.
    await turn();
    return outcome;
  });
}

process.on("uncaughtException", (error) => {
  const whose = works.getStore() ?? present;
  // It may never settle now: it has failed, and its thread ends with it.
  if (!whose?.isOver) throw error;
  // Whoever's turn it is now has nothing to do with it.
  parentPort.postMessage({ module: whose.module, failed: failureOf(error) });
});

/**
 * Runs the function of a user's module. Only plain data come out of a thread as they were, so nothing else is given.
 *
 * @param {import("./worker-pool.js").Errand} errand
 * @returns {Promise<import("./worker-pool.js").Outcome>}
 */
async function perform({ module, input, id, port, maxResultBytes }) {
  const controller = new AbortController();
  port.on("message", () => controller.abort(new DOMException("The task was told to end.", "AbortError")));
  try {
    const { default: work } = await import(module);
    if (typeof work !== "function") {
      throw new TypeError(
        `${module} has no function as its default export: export default async function (input, task) {}`,
      );
    }
    const result = await work(input, createTask(id, port, controller.signal));
    const resultJson = JSON.stringify(result) ?? "null";
    const resultBytes = Buffer.byteLength(resultJson);
    return resultBytes <= maxResultBytes ? { resultJson } : { resultBytes };
  } catch (error) {
    return isTidingsError(error) ? { refused: refusalOf(error) } : { failed: failureOf(error) };
  } finally {
    port.close();
  }
}

/**
 * @param {string} id
 * @param {import("node:worker_threads").MessagePort} port
 * @param {AbortSignal} signal
 * @returns {import("./task.js").WorkerTask}
 */
function createTask(id, port, signal) {
  const sayProgress = async (percent, message) => {
    if (typeof percent !== "number" || Number.isNaN(percent)) {
      throw new TypeError("The progress of a task is a number from 0 to 100.");
    }
    if (message !== undefined && typeof message !== "string")
      throw new TypeError("What a task is at is told by a text.");
    signal.throwIfAborted();
    port.postMessage([percent, message]);
  };
  const progress = (percent, message) => {
    const said = sayProgress(percent, message);
    // Whoever does not wait for it need not hear that nobody listens any more.
    said.catch(() => {});
    return said;
  };
  return { id, signal, progress };
}

/** Whichever copy of the package it comes from. */
function isTidingsError(error) {
  return error instanceof Error && error.name === "TidingsError" && typeof error.code === "string";
}

function refusalOf({ code, message, issues }) {
  const plain = issues?.map(({ path = [], message }) => ({ path: path.map(keyOf), message: String(message) }));
  return { code, message, issues: plain };
}

/** Standard Schema has a key as it is, or an object around it. */
function keyOf(step) {
  const key = typeof step === "object" && step !== null ? step.key : step;
  return typeof key === "number" ? key : String(key);
}

function failureOf(error) {
  if (!(error instanceof Error)) return { name: "Error", message: `A worker threw ${inspect(error)}.`, stack: "" };
  return { name: error.name, message: error.message, stack: inspect(error) };
}
