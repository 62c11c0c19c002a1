import { defineConfig } from "tsdown";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    "auth/index": "src/auth/index.ts",
    "cli/index": "src/cli/index.ts",
    "cli/dev/child": "src/cli/dev/child.ts",
    "client/index": "src/client/index.ts",
    "client/node": "src/client/node.ts",
    "protocol/index": "src/protocol/index.ts",
    "react/index": "src/react/index.ts",
    "observe/otel": "src/observe/otel.ts",
    "redis/index": "src/redis/index.ts",
    "tasks/index": "src/tasks/index.ts",
    "testing/index": "src/testing/index.ts",
  },
  // Each thread of the pool loads it as it is, from beside the pool: that is in a chunk, which stands in dist/ itself.
  copy: [{ from: "src/tasks/worker-entry.js", to: "dist" }],
  format: "esm",
  platform: "node",
  target: "node20.19",
  // With maps, as the code has: an editor goes to the source, which is in the package too, and so is not in the maps.
  dts: { sourcemap: true },
  // `using` is in the types of what can be disposed of; a page's project need not know of it otherwise.
  banner: { dts: '/// <reference lib="esnext.disposable" />' },
  sourcemap: true,
  outputOptions: {
    sourcemapExcludeSources: true,
    // By itself it has all entries in its name, which every stack trace would show.
    chunkFileNames: ({ name }) => `${name.split(/~|\.d$/, 1)[0]}-[hash]${name.endsWith(".d") ? ".d.ts" : ".js"}`,
    // What only declares is apart from what serves, so that a page's bundler leaves the server behind.
    codeSplitting: {
      groups: [{ name: "declare", test: /src\/(declare|schema|base|protocol)\/[\w-]+\.ts$/, entriesAware: true }],
    },
  },
  fixedExtension: false,
  tsconfig: "src/tsconfig.json",
});
