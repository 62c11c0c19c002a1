// The suites that hold on every runtime, run by scripts/check-runtimes.mjs on each.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { RowsReporter } from "./rows-reporter.js";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("../../.."),
  resolve: {
    alias: [
      { find: /^tidings$/, replacement: at("../../../src/index.ts") },
      { find: /^tidings\/client$/, replacement: at("../../../src/client/node.ts") },
      { find: /^tidings\/(\w+)$/, replacement: at("../../../src/$1/index.ts") },
    ],
  },
  test: {
    include: ["test/conformance/transport*.test.ts", "test/integration/client*.test.ts", "src/client/*.test.ts"],
    setupFiles: [at("./setup.ts")],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 1,
    reporters: ["default", new RowsReporter()],
    // Bun says of every module that it was made from CommonJS, and vitest believes it: `z` of zod would be lost.
    deps: { interopDefault: !("Bun" in globalThis) },
  },
});
