import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { fileAnswer, jsonAnswer, sendAnswer } from "./answer.js";
import type { PageFile } from "./page-files.js";

const plain = Buffer.from("console".repeat(100));
const gzipped = gzipSync(plain);
const file: PageFile = { contentType: "text/javascript; charset=utf-8", etag: 'W/"abc"', plain, gzipped };

const ask = (headers: Record<string, string>) => fileAnswer(file, new Headers(headers), { "x-page": "1" });

test.each([
  ["gzip", true],
  ["gzip, deflate, br", true],
  ["br;q=1.0, GZIP;q=0.8", true],
  ["deflate , gzip ; q=0.001", true],
  ["gzip;q=0", false],
  ["gzip; Q=0.000", false],
  ["br", false],
  ["xgzip", false],
  ["*", false],
  ["", false],
])("a file goes compressed to who asks for it: %j", (encoding, isCompressed) => {
  const { status, headers, body } = ask({ "accept-encoding": encoding });
  expect([status, body === gzipped, body === plain]).toEqual([200, isCompressed, !isCompressed]);
  expect(headers).toEqual({
    "x-page": "1",
    etag: 'W/"abc"',
    vary: "accept-encoding",
    "content-type": "text/javascript; charset=utf-8",
    ...(isCompressed && { "content-encoding": "gzip" }),
  });
});

test.each([
  ['W/"abc"', 304],
  ['"abc"', 304],
  ['"x", W/"abc"', 304],
  ["*", 304],
  ['"abd"', 200],
  ["abc", 200],
  ["", 200],
])("who has it is told so: %s → %d", (tag, status) => {
  const answer = ask({ "if-none-match": tag });
  expect(answer.status).toBe(status);
  // What a page may load is part of what it is told anew (RFC 9110 §15.4.5).
  expect(answer.headers).toMatchObject({ etag: 'W/"abc"', "x-page": "1" });
  if (status === 304) expect([answer.body, answer.headers["content-type"]]).toEqual(["", undefined]);
});

test("a file that is no shorter compressed has one form", () => {
  const icon = { ...file, gzipped: undefined };
  const { body, headers } = fileAnswer(icon, new Headers({ "accept-encoding": "gzip" }), {});
  expect([body, headers.vary]).toEqual([plain, undefined]);
});

test.each([
  [jsonAnswer(200, { euro: "€" }), false, '{"euro":"€"}', "14"],
  [jsonAnswer(200, { euro: "€" }), true, undefined, "14"],
  [{ status: 304, headers: {}, body: "" }, false, undefined, undefined],
])("what is sent has its length in bytes: %#", (answer, isHead, body, length) => {
  const sent: unknown[] = [];
  const response = {
    writeHead: (_: number, headers: Record<string, string>) => sent.push(headers["content-length"]),
    end: (text?: string | Uint8Array) => sent.push(text),
  };
  sendAnswer(response, answer, isHead);
  expect(sent).toEqual([length, body]);
});
