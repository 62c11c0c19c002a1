import { expect, test } from "vitest";
import { fatesOf } from "../../scripts/docs/fate.js";
import { readPage } from "../../scripts/docs/page.js";

test("a block has its language, its place, and the name that its first line says", () => {
  const page = readPage("a.md", "# A\n\n```ts\n// src/app.ts: the app\nx;\n```\n\n  ```\n  text\n  ```\n");
  expect(page.blocks).toMatchObject([
    { language: "ts", line: 4, file: "src/app.ts", code: "// src/app.ts: the app\nx;\n" },
    { language: "", line: 9, file: undefined, code: "text\n" },
  ]);
});

test("marks are of the next block, and any other comment is nobody's", () => {
  const page = readPage(
    "a.md",
    `<!-- prettier-ignore -->
<!-- file: room.ts
export const room = 1;
-->
<!-- with: import { room } from "./room.js" -->

## Heading

\`\`\`ts
room;
\`\`\`
<!-- file: tidings.config.json -->
\`\`\`json
{}
\`\`\`
<!-- not run, docker compose: needs Docker -->
<!-- Ctrl-C before -->
\`\`\`sh
docker compose up
\`\`\`
`,
  );
  expect(page.faults).toEqual([]);
  expect(page.blocks).toMatchObject([
    {
      marks: [
        { kind: "file", name: "room.ts", code: "export const room = 1;\n", line: 3 },
        { kind: "with", code: 'import { room } from "./room.js"', line: 5 },
      ],
    },
    { file: "tidings.config.json" },
    {
      marks: [
        { kind: "not run", text: "docker compose", reason: "needs Docker" },
        { kind: "Ctrl-C", when: "before" },
      ],
    },
  ]);
});

test.each(["not run", "not run:", "with:", "with, here: x", "Ctrl-C twice", "not compiled"])(
  "a mark that says too little or too much, as <!-- %s -->, is a fault at its line",
  (text) => {
    const { faults } = readPage("a.md", `# A\n<!-- ${text} -->\n\`\`\`sh\nls\n\`\`\`\n`);
    expect(faults).toMatchObject([{ path: "a.md", line: 2 }]);
  },
);

test("a mark with no block below it is a fault", () => {
  const { faults } = readPage("a.md", "# A\n\n<!-- not run: needs Docker -->\n");
  expect(faults).toEqual([{ path: "a.md", line: 3, text: "There is no block below this mark." }]);
});

test("what is in a block is no mark, and what is in a mark is no block", () => {
  const page = readPage(
    "a.md",
    "```html\n<!-- not run -->\n```\n<!-- file: a.md\n```sh\nls\n```\n-->\n```sh\ncat a.md\n```\n",
  );
  expect(page.faults).toEqual([]);
  expect(page.blocks.map(({ language }) => language)).toEqual(["html", "sh"]);
});

test("whatever is left out says why", () => {
  const page = readPage(
    "a.md",
    `<!-- not run: needs Docker -->
\`\`\`sh
docker ps
\`\`\`
<!-- not run, kubectl: needs a cluster -->
\`\`\`sh
kubectl get pods
ls
\`\`\`
\`\`\`cobol
STOP RUN.
\`\`\`
`,
  );
  expect(fatesOf(page)).toMatchObject([
    { line: 3, fate: "left out", reasons: ["needs Docker"] },
    { line: 7, fate: "run", reasons: ["kubectl: needs a cluster"] },
    { line: 11, fate: "left out", reasons: ["nothing here reads cobol"] },
  ]);
});
