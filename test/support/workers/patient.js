import { once } from "node:events";
import { BroadcastChannel } from "node:worker_threads";

/** Ends when it is told to, and then says by what. */
export default async function patient(_input, task) {
  await task.progress(1, "begun");
  if (!task.signal.aborted) await once(task.signal, "abort");
  const note = new BroadcastChannel("patient");
  note.postMessage(await task.progress(2).catch((error) => error.name));
  note.close();
  return "never told";
}
