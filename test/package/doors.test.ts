import { expect, test } from "vitest";
import { readRepository, readRepositoryFile } from "../support/repository.js";
import { checkDoors, type DoorLists } from "./doors.js";

test("package.json, tsconfig.json, tsdown.config.ts and src name the same doors", () => {
  const lists = {
    packageJson: readRepositoryFile("package.json"),
    tsconfig: readRepositoryFile("tsconfig.json"),
    tsdownConfig: readRepositoryFile("tsdown.config.ts"),
  };
  expect(checkDoors(lists, [...readRepository(/^src\/.*\.tsx?$/).keys()]).join("\n")).toBe("");
});

const files = ["src/index.ts", "src/client/index.ts", "src/client/node.ts", "src/cli/index.ts", "src/hub/hub.ts"];
const good: DoorLists = {
  packageJson: JSON.stringify({
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./client": { node: { default: "./dist/client/node.js" }, default: "./dist/client/index.js" },
      "./package.json": "./package.json",
    },
    bin: { tidings: "./dist/cli/index.js" },
  }),
  tsconfig: `{
    // Comments are allowed in this file.
    "compilerOptions": {
      "paths": { "tidings": ["./src/index.ts"], "tidings/client": ["./src/client/index.ts"] }
    }
  }`,
  tsdownConfig: `export default defineConfig({
    entry: {
      index: "src/index.ts",
      "client/index": "src/client/index.ts",
      "client/node": "src/client/node.ts",
      "cli/index": "src/cli/index.ts",
    },
    format: "esm",
  });`,
};

test("lists that agree pass: conditions and the command are built, the default condition is the door", () => {
  expect(checkDoors(good, files)).toEqual([]);
});

test("a door that tsconfig.json lacks is named", () => {
  const tsconfig =
    '{ "compilerOptions": { "paths": { "tidings": ["./src/index.ts"], "tidings/extra": ["./src/x.ts"] } } }';
  expect(checkDoors({ ...good, tsconfig }, files)).toEqual([
    "tidings/client = src/client/index.ts — is in package.json, not in tsconfig.json",
    "tidings/extra = src/x.ts — is in tsconfig.json, not in package.json",
  ]);
});

test("a door that is not built, or built elsewhere, is named", () => {
  const tsdownConfig = good.tsdownConfig.replace('"client/node"', "node");
  expect(checkDoors({ ...good, tsdownConfig }, files)).toEqual([
    "client/node = src/client/node.ts — is in package.json, not in tsdown.config.ts",
    "node = src/client/node.ts — is in tsdown.config.ts, not in package.json",
  ]);
});

test("a door without a source, and an index.ts without a door, are named", () => {
  const moved = files.map((path) => path.replace("src/client/index.ts", "src/react/index.ts"));
  expect(checkDoors(good, moved)).toEqual([
    "src/client/index.ts — does not exist",
    "src/react/index.ts — is no door in package.json",
  ]);
});

test("a door in a folder that is none is named", () => {
  const lists = {
    packageJson: '{ "exports": { "./hub": "./dist/hub/hub.js" } }',
    tsconfig: '{ "compilerOptions": { "paths": { "tidings/hub": ["./src/hub/hub.ts"] } } }',
    tsdownConfig: 'export default { entry: { "hub/hub": "src/hub/hub.ts" } };',
  };
  expect(checkDoors(lists, ["src/hub/hub.ts"])).toEqual(["tidings/hub = src/hub/hub.ts — is not where a door stands"]);
});
