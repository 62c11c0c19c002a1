import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { PageFiles } from "./page-files.js";

async function createFolder() {
  const folder = await mkdtemp(join(tmpdir(), "pages-"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test("a file is read once, whoever asks, and is there compressed too", async () => {
  await using at = await createFolder();
  const script = "let a = 1;\n".repeat(200);
  await writeFile(join(at.folder, "console.js"), script);
  let looked = 0;
  const files = new PageFiles(async () => {
    looked += 1;
    return [at.folder];
  });
  const [one, two] = await Promise.all([files.read("console.js"), files.read("console.js")]);
  expect(one).toBe(two);
  expect(await files.read("console.js")).toBe(one);
  expect(looked).toBe(1);
  expect(one.contentType).toBe("text/javascript; charset=utf-8");
  expect(Buffer.from(one.plain).toString()).toBe(script);
  expect(gunzipSync(one.gzipped ?? "").toString()).toBe(script);
});

test("its tag is of what is in it", async () => {
  await using at = await createFolder();
  const etags: string[] = [];
  for (const [name, text] of [
    ["one", "a"],
    ["same", "a"],
    ["other", "b"],
  ] as const) {
    const folder = join(at.folder, name);
    await mkdir(folder);
    await writeFile(join(folder, "console.css"), text);
    etags.push((await new PageFiles(async () => [folder]).read("console.css")).etag);
  }
  expect(etags[0]).toMatch(/^W\/"[\w-]{22}"$/);
  expect(etags[1]).toBe(etags[0]);
  expect(etags[2]).not.toBe(etags[0]);
});

test("the first folder that has it gives it", async () => {
  await using first = await createFolder();
  await using second = await createFolder();
  await writeFile(join(first.folder, "no-folder"), "");
  await writeFile(join(second.folder, "console.css"), "second");
  const folders = ["no-such", "no-folder", "."].map((name) => join(first.folder, name));
  const files = new PageFiles(async () => [...folders, second.folder]);
  expect(Buffer.from((await files.read("console.css")).plain).toString()).toBe("second");
});

test("where it is missing it is said what to do, and it is looked for again", async () => {
  await using at = await createFolder();
  const files = new PageFiles(async () => [at.folder]);
  await expect(files.read("console.html")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/npm run build:ui.*tidings-pages/s),
  });
  await writeFile(join(at.folder, "console.html"), "<!doctype html>");
  expect((await files.read("console.html")).contentType).toBe("text/html; charset=utf-8");
});

test("a file that can't be read is not one that is missing", async () => {
  await using at = await createFolder();
  await mkdir(join(at.folder, "console.html"));
  await expect(new PageFiles(async () => [at.folder]).read("console.html")).rejects.toMatchObject({ code: "EISDIR" });
});
