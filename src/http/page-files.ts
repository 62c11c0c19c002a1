import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { TidingsError } from "../protocol/tidings-error.js";
import { findPageFolders } from "./page-folders.js";

/** A file of a page, as it is sent. */
export interface PageFile {
  readonly contentType: string;
  readonly etag: string;
  readonly plain: Uint8Array;
  /** Where that is shorter. */
  readonly gzipped: Uint8Array | undefined;
}

/** The files of the pages. Each is read and compressed once, when it is first asked for; one that is missing is looked for again. */
export class PageFiles {
  readonly #findFolders: () => Promise<readonly string[]>;
  readonly #files = new Map<string, Promise<PageFile>>();

  constructor(findFolders: () => Promise<readonly string[]> = findPageFolders) {
    this.#findFolders = findFolders;
  }

  /**
   * Rejects with a `TidingsError` `unavailable` that says what to do, where it is in none of the folders.
   *
   * @param name one of ours, such as `console.js`, and nothing that a client sent
   */
  read(name: string): Promise<PageFile> {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const reading = this.#find(name);
    this.#files.set(name, reading);
    reading.catch(() => this.#files.delete(name));
    return reading;
  }

  async #find(name: string): Promise<PageFile> {
    for (const folder of await this.#findFolders()) {
      const plain = await readIfThere(join(folder, name));
      if (plain !== undefined) return pack(plain, name);
    }
    throw new TidingsError("unavailable", MISSING);
  }
}

const MISSING =
  "The files of this page are not here. In a clone of Tidings run `npm run build:ui`; beside a server that is bundled into one file, put a copy of `node_modules/tidings/ui/dist`, named `tidings-pages`.";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return;
    throw error;
  }
}

async function pack(plain: Buffer, name: string): Promise<PageFile> {
  const gzipped = await compress(plain, { level: 9 });
  const hash = createHash("sha256").update(plain).digest("base64url").slice(0, 22);
  return {
    contentType: CONTENT_TYPES[extname(name)] ?? "application/octet-stream",
    // Weak: the same for what is sent compressed (RFC 9110 §8.8.1).
    etag: `W/"${hash}"`,
    plain,
    gzipped: gzipped.length < plain.length ? gzipped : undefined,
  };
}

const compress = promisify(gzip);
