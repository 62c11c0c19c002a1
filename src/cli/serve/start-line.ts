import type { Listening } from "../../index.js";
import type { ServeConfig } from "./config.js";
import { DEFAULT_ENDPOINTS } from "./declared-endpoints.js";

/** What a server that has begun to listen says of itself. */
export interface Started {
  readonly url: string;
  readonly pages?: string | undefined;
  readonly endpoints: readonly string[];
  readonly channels: readonly string[];
  readonly api: boolean;
  readonly redis: boolean;
  readonly workers: number;
}

export function startedAs(
  { url, pages }: Pick<Listening, "url" | "pages">,
  config: ServeConfig,
  workers: number,
): Started {
  const { endpoints = DEFAULT_ENDPOINTS, channels = {}, redis, http } = config;
  return {
    url,
    ...(pages !== undefined && { pages }),
    endpoints: Object.keys(endpoints),
    channels: Object.keys(channels),
    api: (http?.api === false ? [] : (http?.api?.keys ?? [])).length > 0,
    redis: redis?.url !== undefined,
    workers,
  };
}

/** The same for people, with how to try it. */
export function startLines(started: Started, { jwt, channels = {} }: ServeConfig): string {
  const { url, pages, endpoints, api, redis, workers } = started;
  const [path = "/ws"] = endpoints;
  const open = Object.entries(channels).find(([, { subscribe = "nobody" }]) => subscribe !== "nobody")?.[0];
  const first = open?.replace(/:(\w+)/g, (_, param) => (/user/i.test(param) ? "alice" : "lobby"));
  const subscribe = first === undefined ? "" : ` --subscribe ${first}`;
  const address = `${url.replace(/^http/, "ws")}${path}`;
  const token = jwt?.secret === undefined ? "" : " --as alice";
  return [
    `Tidings listens at ${url}`,
    `  endpoints  ${endpoints.join(", ") || "none"}`,
    `  channels   ${started.channels.join(", ") || "none: add some to the configuration, or TIDINGS_CHANNELS"}`,
    `  HTTP API   ${api ? `${pages ?? url}/api` : "none: set http.api.keys (TIDINGS_HTTP_API_KEYS)"}`,
    `  processes  ${workers}${redis ? ", over Redis" : ", in memory"}`,
    `Try it: tidings listen ${address}${subscribe}${token}`,
  ].join("\n");
}
