import type { Target } from "./target.js";

/** What can be tried, by name. Each is loaded when it is: what it reaches is counted from then on. */
export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  messages: async () => (await import("./targets/messages.js")).messages,
  conversations: async () => (await import("./targets/conversations.js")).conversations,
  client: async () => (await import("./targets/client.js")).client,
  subprotocols: async () => (await import("./targets/subprotocols.js")).subprotocols,
  cookies: async () => (await import("./targets/cookies.js")).cookies,
  tokens: async () => (await import("./targets/tokens.js")).tokens,
  origins: async () => (await import("./targets/origins.js")).origins,
  paths: async () => (await import("./targets/paths.js")).paths,
  http: async () => (await import("./targets/http.js")).http,
  frames: async () => (await import("./targets/frames.js")).frames,
  config: async () => (await import("./targets/config.js")).config,
  schemas: async () => (await import("./targets/schemas.js")).schemas,
  requests: async () => (await import("./targets/requests.js")).requests,
  hooks: async () => (await import("./targets/hooks.js")).hooks,
};
