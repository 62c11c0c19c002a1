import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readPage } from "../../scripts/docs/page.js";
import { type Walk, walk } from "../../scripts/docs/walk.js";

test("a command that fails is told with its line and what it said, and what stands on it is not tried", async () => {
  const { faults, commands } = await follow("# A\n\n```sh\ntrue\nls /not/there\n\ntouch later\n```\n");
  expect(faults).toMatchObject([
    { path: "a.md", line: 5, text: expect.stringMatching(/^ls \/not\/there\nIt ended with 2\..*No such file/s) },
  ]);
  expect(commands).toBe(2);
});

test("what needs Docker and does not say so is told, and what says so is left out", async () => {
  const { faults } = await follow("```sh\ndocker-that-is-not-here run hello\n```\n");
  expect(faults).toMatchObject([{ line: 2, text: expect.stringContaining("It ended with 127.") }]);
  expect(await follow("<!-- not run: needs Docker -->\n```sh\ndocker-that-is-not-here run hello\n```\n")).toEqual({
    faults: [],
    commands: 0,
  });
  const part = "<!-- not run, docker: needs Docker -->\n```sh\ntrue\ndocker-that-is-not-here ps\n```\n";
  expect(await follow(part)).toEqual({ faults: [], commands: 1 });
});

test("a page is one session: its files are there, and folders and variables go on", async () => {
  const page = `
<!-- file: words/hidden.txt
said nowhere
-->
\`\`\`js
// words/shown.js
1;
\`\`\`
\`\`\`sh
GREETING=hello; cd words
\`\`\`
<!-- with: echo more > more.txt -->
\`\`\`sh
[ "$GREETING" = hello ] \\
  && cat hidden.txt shown.js more.txt   # all three
# → said nowhere
# // words/shown.js
# …
# more
cat << END
two
lines
END
\`\`\`
`;
  // Only the line with the arrow begins an answer, and the rest are comments.
  const { faults } = await follow(page);
  expect(faults).toMatchObject([
    { line: 14, text: expect.stringContaining("The page says that it answers\nsaid nowhere\n") },
  ]);
  expect(await follow(page.replace("→ said nowhere\n# // words/shown.js\n# …\n# more", "→ said…more"))).toEqual({
    faults: [],
    commands: 4,
  });
});

test("an answer that is another than the page's is told", async () => {
  const { faults } = await follow('```sh\necho \'{"offset":2}\'\n# {"offset":1}\n```\n');
  expect(faults).toMatchObject([
    { line: 2, text: expect.stringContaining('answers\n{"offset":1}\nIt answered\n{"offset":2}') },
  ]);
});

test("a server goes on until the page ends, or until it is interrupted", async () => {
  const server = `<!-- file: main.mjs
import { createServer } from "node:http";
const server = createServer((_, response) => response.end("here")).listen(0, "127.0.0.1", () => {
  console.log(\`http://127.0.0.1:\${server.address().port}\`);
});
import { writeFileSync } from "node:fs";
process.once("SIGINT", () => { writeFileSync("ended", ""); process.exit(); });
-->
`;
  const ends = `${server}\`\`\`sh\nnode main.mjs\n[ ! -e ended ]\n\`\`\`\n<!-- Ctrl-C before -->\n\`\`\`sh\n[ -e ended ]\n\`\`\`\n`;
  expect(await follow(ends)).toEqual({ faults: [], commands: 3 });
  const each = `${server}<!-- Ctrl-C after each -->\n\`\`\`sh\nnode main.mjs\n[ -e ended ]\n\`\`\`\n`;
  expect(await follow(each)).toEqual({ faults: [], commands: 2 });
});

test("what a server says until it is ended is compared too", async () => {
  const page = (answer: string) =>
    `<!-- file: main.mjs\nconsole.log("http://127.0.0.1");\n-->\n\`\`\`sh\nnode main.mjs\n# → ${answer}\n\`\`\`\n`;
  expect(await follow(page("http:…"))).toEqual({ faults: [], commands: 1 });
  const { faults } = await follow(page("https:…"));
  expect(faults).toMatchObject([{ line: 5, text: expect.stringContaining("It answered\nhttp://127.0.0.1") }]);
});

test("a server that ends before it is ready, or by itself later, is told", async () => {
  const early = "<!-- file: main.mjs\nprocess.exit(3);\n-->\n```sh\nnode main.mjs\n```\n";
  expect((await follow(early)).faults).toMatchObject([{ line: 5, text: expect.stringContaining("It ended with 3.") }]);
  const late = `<!-- file: main.mjs
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
writeFileSync("program", String(process.pid));
console.log("http://127.0.0.1");
await readFile("pipe");
process.exit(4);
-->
\`\`\`sh
mkfifo pipe
node main.mjs
echo end > pipe && while kill -0 $(cat program) 2> ended; do :; done
\`\`\`
`;
  expect((await follow(late)).faults).toMatchObject([{ text: expect.stringContaining("It ended by itself, with 4.") }]);
});

test("nothing is installed in a copy of the repository, and no file is written outside of the page's folder", async () => {
  const { faults } = await follow("```sh\ntrue && npm ci\n```\n");
  expect(faults).toMatchObject([
    { line: 2, text: expect.stringContaining("Nothing is installed in a copy of the repository.") },
  ]);
  for (const page of ["<!-- file: ../a.txt -->\n```json\n{}\n```\n", "```sh\ncd ..\n```\n```json\n// a.json\n```\n"]) {
    expect((await follow(page)).faults).toMatchObject([
      { text: expect.stringContaining("is not in the page's folder.") },
    ]);
  }
});

/** In a folder of its own, which is gone afterwards. */
async function follow(text: string): Promise<Walk> {
  const folder = mkdtempSync(join(tmpdir(), "tidings-docs-test-"));
  try {
    mkdirSync(join(folder, "page"));
    const env = { PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(":") };
    return await walk(readPage("a.md", text), {
      folder: join(folder, "page"),
      env,
      enter: { alone: [], connected: undefined },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
