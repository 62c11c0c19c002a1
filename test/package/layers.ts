const observePort = "observe/observe.ts";
const transportPort = "transport/transport.ts";
const brokerPort = "broker/broker.ts";

const declared = ["base", "protocol", "schema", "declare"];
const forHub = [...declared, observePort, "delivery", brokerPort];
const besideCore = ["auth", "tasks", "asyncapi", "dashboard", "api", "observe", "http"];
const belowApp = [...forHub, "hub", "connection", transportPort, ...besideCore];

/** The doors that are one file of a port's folder, an adapter that not everybody installs. */
export const adapterDoors: Readonly<Record<string, string>> = { otel: "observe/otel.ts" };

/** The folders under `src/` that are doors of the package, or its command: the only ones with an `index.ts`. */
export const doorFolders: readonly string[] = [
  "protocol",
  "auth",
  "testing",
  "client",
  "react",
  "redis",
  "tasks",
  "cli",
];

const doors = [
  "index.ts",
  ...doorFolders.map((folder) => `${folder}/index.ts`),
  // What Node loads of the client.
  "client/node.ts",
  ...Object.values(adapterDoors),
];

/**
 * Who may import whom under `src/`.
 *
 * A name ending in `.ts` is that one file, any other a whole folder. A file with a row of its own is a contract: it
 * follows that row and not its folder's, and may not import its siblings.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  "index.ts": ["app", "declare", "protocol", "schema", "base", brokerPort, observePort],
  base: [],
  protocol: [],
  schema: ["base"],
  declare: ["base", "protocol", "schema"],
  [observePort]: ["base", "protocol"],
  [transportPort]: ["base", "protocol", observePort],
  transport: ["base", "protocol", observePort],
  [brokerPort]: ["base", "protocol", observePort],
  broker: ["base", "protocol", observePort],
  redis: ["base", "protocol", observePort, brokerPort],
  delivery: ["base", "protocol", observePort, transportPort],
  hub: forHub,
  connection: [...forHub, "hub", transportPort],
  auth: declared,
  tasks: declared,
  asyncapi: declared,
  dashboard: declared,
  observe: ["base", "protocol", "declare"],
  http: [...declared, "observe", "asyncapi", "api"],
  app: [...belowApp, "transport/ws.ts", "broker/memory.ts"],
  client: ["base", "protocol"],
  react: ["client"],
  testing: ["base", "protocol", "declare", "app", "client", "transport/memory.ts", "broker/memory.ts"],
  api: [...declared, "asyncapi"],
  cli: [...doors, "base", "client"],
};

/** What a folder may import beyond its row, as long as nothing of it is left after compiling. */
export const typeLayers: Readonly<Record<string, readonly string[]>> = {
  client: ["declare", "schema"],
  react: ["declare"],
  // What a development server hands on goes from process to process: no door shows it.
  cli: ["app/handover.ts"],
};

/** No `node:` and no package in here, but for types of the packages named. */
export const pureFolders: readonly string[] = declared;
export const typePackages: readonly string[] = ["@standard-schema/spec"];

/** Packages that only these files and folders may import. */
export const packageOwners: Readonly<Record<string, readonly string[]>> = {
  commander: ["cli"],
  ajv: ["cli/serve"],
  "ajv-formats": ["cli/serve"],
  ws: ["transport/ws.ts", "transport/ws-package.ts", "client/node.ts", "cli/bench", "cli/talk"],
  react: ["react"],
  redis: ["redis"],
  piscina: ["tasks"],
  jose: ["auth", "cli/signed-token.ts"],
  cookie: ["connection", "http"],
  "@opentelemetry/api": ["observe/otel.ts"],
};
