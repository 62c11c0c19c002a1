import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DocumentFile } from "./document-file.js";

test("what is sent is the document with the servers at its end, compressed or not", async () => {
  const some = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
  await fc.assert(
    fc.asyncProperty(some, fc.option(some, { nil: undefined }), async (rest, servers) => {
      const document = { asyncapi: "3.0.0", ...rest, servers: undefined };
      const { plain, gzipped, contentType } = await new DocumentFile().for(document, servers);
      expect(Buffer.from(plain).toString()).toBe(JSON.stringify({ ...document, ...(servers && { servers }) }));
      expect(gunzipSync(gzipped ?? "")).toEqual(plain);
      expect(contentType).toBe("application/json; charset=utf-8");
    }),
  );
});

test("its tag is of what is in it, the servers too", async () => {
  const tags = async (title: string, host: string | undefined) =>
    (await new DocumentFile().for(Object({ info: { title } }), host === undefined ? undefined : { host })).etag;
  expect(await tags("a", "b")).toMatch(/^W\/"[\w-]{22}"$/);
  expect(await tags("a", "b")).toBe(await tags("a", "b"));
  const all = [await tags("a", "b"), await tags("b", "b"), await tags("a", "c"), await tags("a", undefined)];
  expect(new Set(all).size).toBe(4);
});

test("it is written anew where it is another one, and where it could not be written", async () => {
  const file = new DocumentFile();
  let written = 0;
  const document = {
    get info() {
      written += 1;
      if (written === 1) throw new Error("Not now.");
      return {};
    },
  };
  const ask = async (each: object) => Buffer.from((await file.for(each, undefined)).plain).toString();
  await expect(ask(document)).rejects.toThrow("Not now.");
  await Promise.allSettled([ask(document), ask(document)]);
  expect(written).toBe(2);
  expect(await ask(Object({ info: 1 }))).toBe('{"info":1}');
  expect(await ask(Object({ info: 2 }))).toBe('{"info":2}');
});
