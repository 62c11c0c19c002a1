import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { checkData } from "../../scripts/docs/data.js";
import { type Fault, readPage } from "../../scripts/docs/page.js";
import { compilePages } from "../../scripts/docs/typescript.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("TypeScript says of each block what it would say to a reader, at its line of the page", () => {
  // One program for all of them: it takes seconds.
  const pages = Object.entries(PAGES).map(([path, text]) => readPage(path, text));
  const said = compilePages(pages, root).map(placeOf);
  expect(said).toEqual([
    ["wrong-type.md:5", "TS2345"],
    ["wrong-mark.md:2", "TS2322"],
    ["wrong-around.md:6", "TS2559"],
    ["wrong-script.md:3", "TS1109"],
    // In a folder of its own it is right.
    ["docs/guide/1.md:10", "By the end of docs/guide/2.md"],
  ]);
});

/** Those that begin with `right` have no fault. */
const PAGES = {
  "wrong-type.md": `# A
\`\`\`ts
import { createApp } from "tidings";
const app = createApp({ endpoints: [] });
app.listen("all");
\`\`\`
`,
  "right-files.md": `
\`\`\`ts
// app.ts
import { createApp } from "tidings";
export const app = createApp({ endpoints: [] });
\`\`\`
\`\`\`ts
// main.ts
import { app } from "./app.js";
await app.listen(8000);
\`\`\`
<!-- with: import { createApp } from "tidings" -->
\`\`\`ts
// app.ts
export const app = createApp({ endpoints: [], compression: true });
\`\`\`
`,
  "wrong-mark.md": `<!-- with:
const port: number = "8000";
-->
\`\`\`ts
port;
\`\`\`
`,
  "right-around.md": `
<!-- with: import { createApp } from "tidings"; createApp({ endpoints: [], … }) -->
\`\`\`ts
import { basicAuth } from "tidings/auth";

http: { guard: basicAuth({ users: { ops: "secret" } }) }
\`\`\`
`,
  "right-ellipsis.md": `
\`\`\`ts
const load: (name: string) => Promise<number> = (name) => …;
\`\`\`
`,
  "wrong-around.md": `
<!-- with:
import { createApp } from "tidings";
createApp({ endpoints: [], … }) -->
\`\`\`ts
http: 8000
\`\`\`
`,
  "right-not-compiled.md": `
<!-- not compiled: needs what is not here -->
\`\`\`ts
import { gone } from "what-is-not-here";
\`\`\`
`,
  "wrong-script.md": `
\`\`\`js
const x = ;
\`\`\`
`,
  "docs/guide/1.md": `
\`\`\`ts
// app.ts
import { createApp, rawEndpoint } from "tidings";
export const echo = rawEndpoint("/echo", {});
export const app = createApp({ endpoints: [echo] });
\`\`\`
\`\`\`ts
// path.ts
import { echo } from "./app.js";
echo.path;
\`\`\`
\`\`\`sh
rm app.test.ts   # which a new project has
\`\`\`
`,
  "docs/guide/2.md": `
\`\`\`ts
// app.ts
import { createApp } from "tidings";
export const app = createApp({ endpoints: [] });
\`\`\`
`,
  "docs/guide/3.md": `
\`\`\`sh
rm -f path.ts other.ts
\`\`\`
\`\`\`ts
// app.ts
import { createApp } from "tidings";
export const echo = "echo";
export const app = createApp({ endpoints: [] });
\`\`\`
`,
};

test("JSON, YAML and Python that can't be read are told at their lines", () => {
  const page = readPage(
    "a.md",
    `
\`\`\`json
{ "a": }
\`\`\`
\`\`\`yaml
a: 1
b: c: d
\`\`\`
\`\`\`python
def f():
    return (
\`\`\`
\`\`\`python
x = 1
\`\`\`
`,
  );
  const lines = new Set(checkData([page]).map(({ line }) => line));
  expect([...lines]).toEqual([3, 7, 11]);
});

function placeOf({ path, line, text }: Fault): readonly [string, string] {
  return [`${path}:${line}`, text.split(":", 1).join()];
}
