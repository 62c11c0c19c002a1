import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { appendFile, copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from "lib0/encoding";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as Y from "yjs";
import { DocumentStore } from "../../examples/editor/document-store.js";
import { changeBetween, indexIn } from "../../examples/editor/page/text-binding.js";
import { People } from "../../examples/editor/people.js";
import { Session } from "../../examples/editor/session.js";
import { NoUpdateError, SharedDocument } from "../../examples/editor/shared-document.js";
import { askFrame } from "../../examples/editor/sync-protocol.js";
import { UpdateFile } from "../../examples/editor/update-file.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "documents-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

/** Runs a program that can make no file larger than 200 KiB: of a write that would, a part is written, as on a disk that is full. */
function onFullDisk(program: string, args: readonly string[]): Promise<{ readonly stdout: string }> {
  const limited = 'trap "" XFSZ; ulimit -f 200; exec "$@"';
  const node = [process.execPath, "--import", "tsx", "--input-type=module", "-e", program, "--", ...args];
  return promisify(execFile)("bash", ["-c", limited, "bash", ...node]);
}

async function write(path: string, texts: readonly string[]): Promise<void> {
  const { file } = await UpdateFile.open(path);
  for (const text of texts) await file.append(bytes(text));
  await file.close();
}

async function contentOf(path: string): Promise<readonly string[]> {
  const { file, updates } = await UpdateFile.open(path);
  await file.close();
  return updates.map((update) => new TextDecoder().decode(update));
}

test("wherever a file is torn, what is whole before that is there, and it can be written on", async () => {
  const path = join(folder, "whole");
  const texts = ["first", "second", "3"];
  await write(path, texts);
  const whole = await readFile(path);
  for (let end = 0; end <= whole.length; end += 1) {
    const torn = join(folder, `torn-${end}`);
    await writeFile(torn, whole.subarray(0, end));
    const { file, updates } = await UpdateFile.open(torn);
    expect(updates.length).toBe([13, 27, 36].filter((boundary) => boundary <= end).length);
    await file.append(bytes("next"));
    await file.close();
    expect(await contentOf(torn)).toEqual([...texts.slice(0, updates.length), "next"]);
  }
});

test.each<[string, (whole: Buffer) => Buffer, readonly string[]]>([
  ["a byte has changed", (whole) => Buffer.concat([whole.subarray(0, 24), bytes("X"), whole.subarray(25)]), ["first"]],
  ["there are zeros at the end", (whole) => Buffer.concat([whole, Buffer.alloc(40)]), ["first", "second"]],
  [
    "there are zeros in the place of the end",
    (whole) => Buffer.concat([whole.subarray(0, 13), Buffer.alloc(14)]),
    ["first"],
  ],
])("where %s, that is cut off, and kept beside", async (_, damage, left) => {
  const path = join(folder, "file");
  await write(path, ["first", "second"]);
  const damaged = damage(await readFile(path));
  await writeFile(path, damaged);
  expect(await contentOf(path)).toEqual(left);
  expect(await contentOf(path)).toEqual(left);
  const beside = (await readdir(folder)).filter((name) => name.endsWith(".torn"));
  expect(await Promise.all(beside.map((name) => readFile(join(folder, name))))).toEqual([
    damaged.subarray(left.length === 1 ? 13 : 27),
  ]);
});

test("on a disk that is full what was saved stays, and can be read", async () => {
  const [replaced, appended, torn] = ["replaced", "appended", "torn"].map((name) => join(folder, `${name}.yjs`));
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  doc.getText("text").insert(0, "x".repeat(300_000));
  while (updates.length < 1_000) doc.getText("text").insert(0, "y");
  const { file } = await UpdateFile.open(replaced ?? "");
  await Promise.all(updates.map((update) => file.append(update)));
  await file.close();
  await write(appended ?? "", ["saved"]);
  await write(torn ?? "", ["saved"]);
  await appendFile(torn ?? "", "x".repeat(300_000));
  doc.getText("text").insert(0, "z");

  const { stdout } = await onFullDisk(
    `
      import { SharedDocument } from "./examples/editor/shared-document.ts";
      import { UpdateFile } from "./examples/editor/update-file.ts";
      const [update, replaced, appended, torn] = process.argv.slice(-4);
      const tell = ({ code }) => console.log(code);
      await (await SharedDocument.open(replaced)).apply(Buffer.from(update, "base64")).catch(tell);
      await (await UpdateFile.open(appended)).file.append(Buffer.alloc(300_000)).catch(tell);
      console.log((await UpdateFile.open(torn)).updates.length);
    `,
    [Buffer.from(updates.at(-1) ?? []).toString("base64"), replaced ?? "", appended ?? "", torn ?? ""],
  );
  expect(stdout).toBe("EFBIG\nEFBIG\n1\n");
  expect(await readdir(folder)).toEqual(["appended.yjs", "replaced.yjs", "torn.yjs"]);
  for (const path of [appended, torn]) expect((await readFile(path ?? "")).length).toBe(13);
  const again = await SharedDocument.open(replaced ?? "");
  expect(again.doc.getText("text").length).toBe(300_999);
  await again.close();
});

test("what is answered for has been synced: a power cut takes none of it", async () => {
  const { file } = await UpdateFile.open(join(folder, "file"));
  await file.append(bytes("first"));
  const handle = await open(join(folder, "any"), "w");
  const syncs = (["datasync", "sync"] as const).map((name) => vi.spyOn(Object.getPrototypeOf(handle), name));
  await file.append(bytes("second"));
  expect(syncs.map(({ mock }) => mock.settledResults.length)).toEqual([1, 0]);
  await file.replace(bytes("both"));
  expect(syncs.map(({ mock }) => mock.settledResults.length)).toEqual([1, 2]); // the file, and the folder with its name
  vi.restoreAllMocks();
  await Promise.all([file.close(), handle.close()]);
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
    if (n % 300 === 7) {
      for (const hostile of [misplaced(update), unfounded()])
        await expect(document.apply(hostile)).rejects.toThrow(NoUpdateError);
    }
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

test("a replacement that fails breaks the document and no more, whatever became of the update", async () => {
  const path = join(folder, "notes.yjs");
  await mkdir(`${path}.new`); // where the replacement would be
  const many = join(folder, "many");
  const { file } = await UpdateFile.open(many);
  await Promise.all(Array.from({ length: 1_000 }, () => file.append(updateOf("x"))));
  await file.close();
  for (const [name, last] of [
    ["what builds on nothing", unfounded()],
    ["what is too much", updateOf("x".repeat(2_000_000))],
    ["what is good", updateOf("good")],
  ] as const) {
    await copyFile(many, path);
    const document = await SharedDocument.open(path);
    await expect(document.apply(last), name).rejects.toMatchObject({ code: "EISDIR" });
    expect(document.isBroken, name).toBe(true);
    await document.close();
  }
});

test("who asks for what it lacks is told what is on the disk, and waits for what is on its way there", async () => {
  const path = join(folder, "notes.yjs");
  const store = await DocumentStore.at(folder);
  await using lease = await store.acquire("notes");
  const session = new Session({ lease, name: "ana", mayWrite: false, wantsSaved: false });
  const told: string[] = [];
  const peer = {
    send(frame: string | Uint8Array) {
      told.push(`${frame.length > 20} ${existsSync(path) && readFileSync(path).includes("not yet there")}`);
      return true;
    },
    close() {},
  };
  const applied = lease.document.apply(updateOf("not yet there"));
  expect(existsSync(path)).toBe(false);
  await session.hear(peer, askFrame(new Y.Doc()));
  expect(told).toEqual(["true true"]);
  await applied;
});

test("an update is read before it is believed: what says that it holds millions touches nothing", async () => {
  const document = await SharedDocument.open(join(folder, "notes.yjs"));
  const before = document.doc;
  // One client, 32,000,000 structs, none of which is there: Yjs would make room for them.
  const claim = Uint8Array.from([1, 0x80, 0x90, 0xa1, 0x0f, 5, 0]);
  await expect(document.apply(claim)).rejects.toThrow(NoUpdateError);
  expect(document.doc).toBe(before);
  await document.close();
});

test("who only looks leaves no file", async () => {
  const store = await DocumentStore.at(folder);
  const lease = await store.acquire("nothing");
  await lease[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual([]);
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

test("a cursor that is no place in the text is nowhere", () => {
  const doc = new Y.Doc();
  doc.clientID = 7;
  const text = doc.getText("text");
  text.insert(0, "abc");
  const cursor: unknown = JSON.parse(JSON.stringify(Y.createRelativePositionFromTypeIndex(text, 2, -1)));
  expect(indexIn(text, cursor)).toBe(2);
  const places = [
    ...[undefined, null, 7, "x", [], {}, { type: null, item: null, tname: "other" }, { item: {} }, { item: 7 }],
    ...[{ type: { client: 1, clock: 0 } }, { item: { client: 1, clock: 9 } }, { item: { client: 7, clock: -1 } }],
    { item: { client: 7, clock: 0.5 } },
  ];
  for (const place of places) expect(indexIn(text, place), JSON.stringify(place)).toBeUndefined();
  expect([...doc.share.keys()]).toEqual(["text"]);
});

function updateOf(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

/** What somebody wrote behind something that they never said. */
function unfounded(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "unsaid");
  const before = Y.encodeStateVector(doc);
  doc.getText("text").insert(6, "!");
  return Y.encodeStateAsUpdate(doc, before);
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
