import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { signIn } from "../sign-in.js";
import { app, watch } from "./app.js";

/** What is asked for beside the page. Each request counts, also those for the page. */
export async function routes(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const { meter } = await app.get(watch);
  const beganMs = performance.now();
  response.once("finish", () => meter.record(performance.now() - beganMs));
  return (await signIn(request, response)) || (await answerSlowly(request, response));
}

/** `GET /slow` takes a while: something for the charts to show. */
async function answerSlowly(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (request.method !== "GET" || request.url !== "/slow") return false;
  await pause(SLOW_MS);
  response.writeHead(204).end();
  return true;
}

const SLOW_MS = 150;
