// The process that plays all clients. It is told by IPC what to do, one thing after the other.
import { Crowd } from "./crowd.mjs";
import { Storm } from "./storm.mjs";

/** @type {Crowd | Storm | undefined} */
let clients;

process.on("message", async ({ number, order, what }) => {
  try {
    process.send({ number, result: await obey(order, what) });
  } catch (error) {
    process.send({ number, error: error instanceof Error ? error.message : String(error) });
  }
});
// Nobody is left to tell it anything.
process.on("disconnect", () => process.exit());

function obey(order, what) {
  if (order === "meet") {
    clients = new Crowd(what);
    return undefined;
  }
  if (order === "gather") {
    clients = new Storm(what);
    return undefined;
  }
  if (order === "end") {
    clients?.end();
    return undefined;
  }
  return clients[order](what);
}
