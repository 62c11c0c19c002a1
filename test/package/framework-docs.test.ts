import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/how-to/frameworks.md", root), "utf8");
const blocks = [...page.matchAll(/^```jsx?\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, file = "", code = ""]) => [file, code] as const,
);

test("the page about frameworks shows a program for each", () => {
  const files = blocks.map(([file]) => file);
  expect(files).toEqual([
    "chat.mjs",
    "node-http.mjs",
    "express.mjs",
    "fastify.mjs",
    "hono.mjs",
    "next.mjs",
    "next-app/app/chat.jsx",
  ]);
  expect(page.match(/^```\w+$/gm)).toHaveLength(files.length);
});

test.each(blocks)("what it shows of %s is what is run", (file, code) => {
  expect(code).toBe(readFileSync(new URL(`test/frameworks/${file}`, root), "utf8"));
});
