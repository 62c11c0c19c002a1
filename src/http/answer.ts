import type { HttpResponse } from "../declare/app.js";
import type { PageFile } from "./page-files.js";

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Left out for HEAD, whose headers are the same (RFC 9110 §9.3.2). */
  readonly body: string | Uint8Array;
}

export function sendAnswer(response: HttpResponse, { status, headers, body }: Answer, isHead: boolean): void {
  // What was not changed, and what is nothing, has no length to tell of (RFC 9110 §8.6).
  const length: Record<string, string> =
    status === 304 || status === 204 ? {} : { "content-length": String(byteLength(body)) };
  response.writeHead(status, { ...headers, ...length });
  response.end(isHead || status === 304 || status === 204 ? undefined : body);
}

export function jsonAnswer(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
    body: JSON.stringify(body),
  };
}

/** A file, compressed where that is asked for, or the word that who asks has it. */
export function fileAnswer(file: PageFile, asked: Headers, headers: Readonly<Record<string, string>>): Answer {
  const { contentType, etag, gzipped } = file;
  const all: Record<string, string> = { ...headers, etag };
  if (gzipped !== undefined) all.vary = "accept-encoding";
  if (hasAlready(asked.get("if-none-match"), etag)) return { status: 304, headers: all, body: "" };
  all["content-type"] = contentType;
  if (gzipped === undefined || !takesGzip(asked.get("accept-encoding")))
    return { status: 200, headers: all, body: file.plain };
  return { status: 200, headers: { ...all, "content-encoding": "gzip" }, body: gzipped };
}

/** By the weak comparison (RFC 9110 §13.1.2). */
function hasAlready(header: string | null, etag: string): boolean {
  const tags = listOf(header).map((tag) => (tag.startsWith("W/") ? tag : `W/${tag}`));
  return header?.trim() === "*" || tags.includes(etag);
}

/** RFC 9110 §12.5.3; a weight of 0 is a no. */
function takesGzip(header: string | null): boolean {
  return listOf(header).some((entry) => {
    const [coding = "", ...parameters] = entry
      .toLowerCase()
      .split(";")
      .map((part) => part.trim());
    return coding === "gzip" && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

function listOf(header: string | null): readonly string[] {
  return (header ?? "").split(",").map((entry) => entry.trim());
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === "string" ? new TextEncoder().encode(body).byteLength : body.byteLength;
}
