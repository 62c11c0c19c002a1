import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

const alias = [
  { find: /^tidings$/, replacement: source("index.ts") },
  { find: /^tidings\/(\w+)$/, replacement: source("$1/index.ts") },
];

const project = (name: string, include: string[], timeoutMs = 10_000) => ({
  resolve: { alias },
  test: { name, include, testTimeout: timeoutMs, hookTimeout: timeoutMs },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project("unit", ["src/**/*.test.ts"]),
      project("integration", ["test/{conformance,integration}/**/*.test.ts"], 20_000),
      project("browser", ["test/browser/**/*.test.ts"], 60_000),
      project("package", ["test/package/**/*.test.ts"], 60_000),
    ],
  },
});
