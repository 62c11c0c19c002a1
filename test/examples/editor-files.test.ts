import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from "lib0/encoding";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as Y from "yjs";
import { DocumentStore } from "../../examples/editor/document-store.js";
import { changeBetween } from "../../examples/editor/page/text-binding.js";
import { People } from "../../examples/editor/people.js";
import { NoUpdateError, SharedDocument } from "../../examples/editor/shared-document.js";
import { UpdateFile } from "../../examples/editor/update-file.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "documents-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

async function contentOf(path: string): Promise<readonly string[]> {
  const { file, updates } = await UpdateFile.open(path);
  await file.close();
  return updates.map((update) => new TextDecoder().decode(update));
}

test("wherever a file is torn, what is whole before that is there, and it can be written on", async () => {
  const path = join(folder, "whole");
  const { file } = await UpdateFile.open(path);
  for (const each of ["first", "second", ""]) await file.append(bytes(each));
  await file.close();
  const whole = await readFile(path);
  for (let end = 0; end <= whole.length; end += 1) {
    const torn = join(folder, `torn-${end}`);
    await writeFile(torn, whole.subarray(0, end));
    const { file, updates } = await UpdateFile.open(torn);
    expect(updates.length).toBe([13, 27, 35].filter((boundary) => boundary <= end).length);
    await file.append(bytes("next"));
    await file.close();
    expect(await contentOf(torn)).toEqual([...["first", "second", ""].slice(0, updates.length), "next"]);
  }
});

test("what does not fit its checksum is cut off, and kept beside", async () => {
  const path = join(folder, "file");
  const { file } = await UpdateFile.open(path);
  for (const each of ["first", "second"]) await file.append(bytes(each));
  await file.close();
  const damaged = await readFile(path);
  damaged[24] = 0;
  await writeFile(path, damaged);
  expect(await contentOf(path)).toEqual(["first"]);
  expect(await readFile(`${path}.torn`)).toEqual(damaged.subarray(13));
});

test("what is appended while a file is replaced comes behind that, and what a crash left of a replacement is no more", async () => {
  const path = join(folder, "file");
  await writeFile(`${path}.new`, "half of it");
  const { file } = await UpdateFile.open(path);
  const done = ["a", "b"].map((each) => file.append(bytes(each)));
  done.push(file.replace(bytes("a and b")), file.append(bytes("c")), file.append(bytes("d")));
  await Promise.all(done);
  await file.append(bytes("e"));
  await file.close();
  expect(await contentOf(path)).toEqual(["a and b", "c", "d", "e"]);
  expect(await readdir(folder)).toEqual(["file"]);
});

test("a document whose disk fails closes everybody, and is read anew when they have gone", async () => {
  const store = await DocumentStore.at(folder);
  const lease = await store.acquire("notes");
  const closes: unknown[] = [];
  const peer = { send: () => true, close: (...how: unknown[]) => void closes.push(how) };
  lease.document.enter(peer);
  await lease.document.apply(updateOf("kept"));
  await lease.document.close(); // the file can't be written any more
  await expect(lease.document.apply(updateOf("lost"))).rejects.toThrow();
  expect(closes).toEqual([[1011, "internal"]]);
  await expect(store.acquire("notes")).rejects.toMatchObject({ code: "unavailable" });
  await lease[Symbol.asyncDispose]().then(undefined, () => {}); // its file is closed already
  await using again = await store.acquire("notes");
  expect(again.document.doc.getText("text").toString()).toBe("kept");
});

test("a thousand updates are kept as one, and hostile ones leave no trace", async () => {
  const path = join(folder, "notes.yjs");
  const document = await SharedDocument.open(path);
  const doc = new Y.Doc();
  const text = doc.getText("text");
  const applied: Promise<boolean>[] = [];
  for (let n = 0; n < 1_500; n += 1) {
    const before = Y.encodeStateVector(doc);
    text.insert(text.length, "x");
    const update = Y.encodeStateAsUpdate(doc, before);
    // It can be read, and breaks within: what it belongs to is no place to be in.
    if (n % 300 === 7) await expect(document.apply(misplaced(update))).rejects.toThrow(NoUpdateError);
    applied.push(document.apply(update));
  }
  expect(await Promise.all(applied)).not.toContain(false);
  await document.close();
  const { file, updates } = await UpdateFile.open(path);
  await file.close();
  expect(updates.length).toBeLessThan(1_000);
  const again = await SharedDocument.open(path);
  expect(again.doc.getText("text").toString()).toBe("x".repeat(1_500));
  await again.close();
});

test("a folder that is full takes no new document", async () => {
  for (let n = 0; n < 1_000; n += 1) await appendFile(join(folder, `${n}.yjs`), "");
  const store = await DocumentStore.at(folder);
  await using _ = await store.acquire("7");
  await expect(store.acquire("new")).rejects.toMatchObject({ code: "too_many_documents" });
});

test("one connection speaks for one copy: who else's it claims to be is passed over", () => {
  const people = new People();
  const [ana, mallory] = [{}, {}];
  expect(people.hear(ana, said(1, 1, "{}"), "ana")).toEqual(said(1, 1, '{"user":{"name":"ana"}}'));
  expect(people.hear(mallory, said(1, 9, "null"), "mallory")).toBeUndefined();
  expect(people.hear(mallory, said(2, 1, '{"user":7}'), "mallory")).toBeDefined();
  expect(people.hear(mallory, said(3, 1, "{}"), "mallory")).toBeUndefined();
  expect(() => people.hear(ana, said(1, 2, JSON.stringify("x".repeat(2_000))), "ana")).toThrow(RangeError);
  expect(people.leave(mallory)).toEqual(said(2, 1, "null"));
  expect(people.all()).toEqual(said(1, 1, '{"user":{"name":"ana"}}'));
});

test.each([
  ["", "a", { at: 0, removed: 0, added: "a" }],
  ["abc", "abXc", { at: 2, removed: 0, added: "X" }],
  ["aaa", "aa", { at: 2, removed: 1, added: "" }],
  ["one two", "one 2", { at: 4, removed: 3, added: "2" }],
  ["same", "same", { at: 4, removed: 0, added: "" }],
  ["😀", "😁", { at: 0, removed: 2, added: "😁" }],
  ["a😀b", "a😁b", { at: 1, removed: 2, added: "😁" }],
  ["👍😀", "🙍😀", { at: 0, removed: 2, added: "🙍" }],
])("from %j to %j is one change", (before, after, change) => {
  expect(changeBetween(before, after)).toEqual(change);
});

function updateOf(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

/** The same with another kind of content. */
function misplaced(update: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(update);
  copy[copy.length - 1] = 9;
  return copy;
}

/** What a page says of one copy. */
function said(id: number, clock: number, state: string): Uint8Array {
  const encoder = createEncoder();
  for (const number of [1, id, clock]) writeVarUint(encoder, number);
  writeVarString(encoder, state);
  return toUint8Array(encoder);
}
