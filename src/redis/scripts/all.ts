import * as presence from "./presence.js";
import * as processes from "./processes.js";
import * as rates from "./rates.js";
import * as requests from "./requests.js";
import type { Script } from "./script.js";
import * as stream from "./stream.js";
import * as users from "./users.js";

/** Each connection loads them before it is used. */
export const allScripts: readonly Script[] = [presence, processes, rates, requests, stream, users]
  .flatMap((scripts): unknown[] => Object.values(scripts))
  // Beside them these have what several scripts are made of.
  .filter((each): each is Script => typeof each === "object");
