import { expect, test } from "vitest";
import { readRepository, readRepositoryFile } from "../support/repository.js";
import { findBehaviour } from "./data-only.js";
import { checkFolders, checkImports, findCycles } from "./layer-rules.js";
import { packageOwners } from "./layers.js";

const sources = readRepository(/^src\/.*(?<!\.test)\.tsx?$/);

test("every import in src is allowed by the table of layers", () => {
  expect(checkImports(sources, declaredPackages()).join("\n")).toBe("");
});

test("every file in src stands in a folder of the table, and only doors have an index.ts", () => {
  expect(checkFolders(sources).join("\n")).toBe("");
});

test("no files in src load each other in a ring", () => {
  expect(findCycles(sources).join("\n")).toBe("");
});

test("declare holds data and types", () => {
  const declared = [...sources].filter(([path]) => path.startsWith("src/declare/"));
  expect(declared.flatMap(([path, text]) => findBehaviour(path, text)).join("\n")).toBe("");
});

test("a forbidden import is named with its line", () => {
  const text = 'import { a } from "../base/a.js";\n\nimport {\n  y,\n} from "../app/app.js";\n';
  expect(check({ "hub/x.ts": text })).toEqual([
    'src/hub/x.ts:3: import { y, } from "../app/app.js" — hub may not import app',
  ]);
});

test.each([
  ["of a type", 'import type { Y } from "../app/app.js";'],
  ["for its effect", 'import "../app/app.js";'],
  ["that is exported on", 'export { y } from "../app/app.js";'],
  ["of everything", 'export * from "../app/app.js";'],
  ["of types that are exported on", 'export type { Y } from "../app/app.js";'],
  ["while running", 'const app = await import("../app/app.js");'],
  ["inside a type", 'type Y = import("../app/app.js").Y;'],
  ["by the name of a door", 'import { createApp } from "tidings";'],
])("an import %s counts", (_, text) => {
  expect(check({ "hub/x.ts": text })).toHaveLength(1);
});

test.each([
  ["base/a.ts", "../protocol/codec.js", "base may not import protocol"],
  ["protocol/a.ts", "../base/clock.js", "protocol may not import base"],
  ["observe/observe.ts", "./log.js", "observe's port may not import observe/log.ts"],
  ["broker/broker.ts", "./memory.js", "broker's port may not import broker/memory.ts"],
  ["delivery/outbox.ts", "../transport/ws.js", "delivery may not import transport/ws.ts"],
  ["hub/hub.ts", "../observe/log.js", "hub may not import observe/log.ts"],
  ["hub/hub.ts", "../transport/transport.js", "hub may not import transport's port"],
  ["app/app.ts", "../transport/memory.js", "app may not import transport/memory.ts"],
  ["testing/app.ts", "../transport/ws.js", "testing may not import transport/ws.ts"],
  ["react/hooks.ts", "../protocol/index.js", "react may not import protocol"],
  ["client/client.ts", "../declare/endpoint.js", "client may only import types of declare"],
  ["cli/main.ts", "../app/app.js", "cli may not import app"],
  ["index.ts", "./hub/hub.js", "index.ts may not import hub"],
  ["hub/hub.ts", "../../test/support/app.js", "hub may not import what is not in src"],
  ["base/a.ts", "node:crypto", "base may not import node:crypto"],
  ["schema/a.ts", "zod", "schema may not import zod"],
  ["schema/a.ts", "@standard-schema/spec", "schema may only import types of @standard-schema/spec"],
  ["app/app.ts", "left-pad", "left-pad is not among the dependencies in package.json"],
  ["app/app.ts", "ws", `only ${packageOwners.ws?.join(" and ")} may import ws`],
  ["app/app.ts", "jose/errors", "only auth and cli/signed-token.ts may import jose"],
])("%s may not import %s", (path, specifier, fault) => {
  const text = `import { it } from "${specifier}";`;
  expect(check({ [path]: text })).toEqual([`src/${path}:1: import { it } from "${specifier}" — ${fault}`]);
});

test.each([
  ["hub/hub.ts", 'import { Broker } from "../broker/broker.js";'],
  ["hub/hub.ts", 'import { Presence } from "./presence.js";'],
  ["delivery/outbox.ts", 'import { Transport } from "../transport/transport.js";'],
  ["transport/ws.ts", 'import { WebSocketServer } from "ws";'],
  ["transport/ws.ts", 'import { Transport } from "./transport.js";'],
  ["app/app.ts", 'import { listen } from "../transport/ws.js"; import { createServer } from "node:http";'],
  ["client/client.ts", 'import type { Endpoint } from "../declare/endpoint.js";'],
  ["schema/a.ts", 'import type { StandardSchemaV1 } from "@standard-schema/spec";'],
  ["auth/jwt.ts", 'import { jwtVerify } from "jose";'],
  ["cli/main.ts", 'import { createApp } from "tidings"; import { redis } from "tidings/redis";'],
  ["index.ts", 'export { createApp } from "./app/app.js";'],
])("%s may say %s", (path, text) => {
  expect(check({ [path]: text })).toEqual([]);
});

test("an unknown folder is named", () => {
  const files = tree({ "shared/a.ts": "", "stray.ts": "", "hub/hub.ts": "" });
  expect(checkFolders(files)).toEqual([
    "src/shared/a.ts — shared has no row in the table of layers",
    "src/stray.ts — stray.ts has no row in the table of layers",
  ]);
});

test("an index.ts that is no door is named", () => {
  const files = tree({ "hub/index.ts": "", "auth/keys/index.ts": "", "auth/index.ts": "", "index.ts": "" });
  expect(checkFolders(files)).toEqual([
    "src/hub/index.ts — only a door has an index.ts",
    "src/auth/keys/index.ts — only a door has an index.ts",
  ]);
});

test("a ring of imports is shown whole", () => {
  const files = tree({
    "hub/a.ts": 'import { b } from "./b.js";',
    "hub/b.ts": 'import { c } from "./c.js";',
    "hub/c.ts": 'export * from "./b.js";',
  });
  expect(findCycles(files)).toEqual(["src/hub/b.ts → src/hub/c.ts → src/hub/b.ts"]);
});

test("a ring closed by a type alone is none, and one closed by a module loaded for nothing is one", () => {
  const back = (text: string) => findCycles(tree({ "hub/a.ts": 'import { b } from "./b.js";', "hub/b.ts": text }));
  expect(back('import type { A } from "./a.js";')).toEqual([]);
  expect(back('import { type A } from "./a.js";')).toHaveLength(1);
});

test("behaviour in declare is named with its line", () => {
  expect(findBehaviour("src/declare/x.ts", "export const one = 1;\nlet last = 0;\n")).toEqual([
    "src/declare/x.ts:2: let last = 0; — declare holds data and types, no behaviour",
  ]);
  expect(findBehaviour("src/declare/x.ts", "const load = async () => {};")).toHaveLength(1);
  expect(findBehaviour("src/declare/x.ts", "export const channel = (path: string) => ({ path });")).toEqual([]);
});

function check(files: Record<string, string>): string[] {
  return checkImports(tree(files), ["ws", "jose", "@standard-schema/spec"]);
}

function tree(files: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(files).map(([path, text]) => [`src/${path}`, text]));
}

function declaredPackages(): string[] {
  const { dependencies, peerDependencies } = JSON.parse(readRepositoryFile("package.json"));
  return Object.keys({ ...dependencies, ...peerDependencies });
}
