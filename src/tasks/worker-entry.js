// What each thread of a WorkerPool loads. It is JavaScript, for Node 20 loads nothing else in a thread.
import { inspect } from "node:util";

/**
 * Runs the function of a user's module. Only plain data come out of a thread as they were, so nothing else is given.
 *
 * @param {import("./worker-pool.js").Errand} errand
 * @returns {Promise<import("./worker-pool.js").Outcome>}
 */
export default async function run({ module, input, id, port }) {
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
    return { resultJson: JSON.stringify(result) ?? "null" };
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
  const plain = issues?.map(({ path, message }) => ({ path: path.map(String), message: String(message) }));
  return { code, message, issues: plain };
}

function failureOf(error) {
  if (!(error instanceof Error)) return { name: "Error", message: `A worker threw ${inspect(error)}.`, stack: "" };
  return { name: error.name, message: error.message, stack: inspect(error) };
}
