import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { constants, crc32, deflateRaw, deflateRawSync } from "node:zlib";
import type { PageFile } from "./page-files.js";

/** The AsyncAPI document, as far as it matters here. */
export interface ServedDocument {
  /** By who asks: all else is the same for everybody. */
  readonly servers?: object | undefined;
}

/**
 * The AsyncAPI document as it is sent. Large ones take long to write and to compress, and the name by which a client reaches us
 * is whatever the client says: so the text is made once, and the servers are put behind it, which costs as much as they are long.
 */
export class DocumentFile {
  #made: { readonly of: ServedDocument; readonly text: Promise<DocumentText> } | undefined;

  /**
   * @param document without servers: as long as it is the same object, it is the same text
   * @param servers of who asks
   */
  async for(document: ServedDocument, servers: object | undefined): Promise<PageFile> {
    return withServers(await this.#textOf(document), servers);
  }

  #textOf(document: ServedDocument): Promise<DocumentText> {
    if (this.#made?.of === document) return this.#made.text;
    const made = { of: document, text: textOf(document) };
    this.#made = made;
    made.text.catch(() => {
      if (this.#made === made) this.#made = undefined;
    });
    return made.text;
  }
}

/** All of it but its end. */
interface DocumentText {
  readonly plain: Buffer;
  readonly deflated: Buffer;
  readonly checksum: number;
  readonly hash: string;
}

async function textOf(document: ServedDocument): Promise<DocumentText> {
  const plain = Buffer.from(JSON.stringify({ ...document, servers: undefined }).slice(0, -1));
  // Flushed and not finished: more can follow.
  const deflated = await deflate(plain, { level: 9, finishFlush: constants.Z_SYNC_FLUSH });
  return { plain, deflated, checksum: crc32(plain), hash: hashOf(plain) };
}

function withServers({ plain, deflated, checksum, hash }: DocumentText, servers: object | undefined): PageFile {
  const end = Buffer.from(servers === undefined ? "}" : `,"servers":${JSON.stringify(servers)}}`);
  const trailer = Buffer.alloc(8); // checksum and length (RFC 1952 §2.3.1)
  trailer.writeUInt32LE(crc32(end, checksum), 0);
  trailer.writeUInt32LE(plain.length + end.length, 4);
  return {
    contentType: "application/json; charset=utf-8",
    etag: `W/"${hashOf(hash + end)}"`,
    // Copied for who asks for it so: hardly anybody does.
    get plain() {
      return Buffer.concat([plain, end]);
    },
    gzipped: Buffer.concat([GZIP_HEADER, deflated, deflateRawSync(end), trailer]),
  };
}

/** Deflated, and nothing more is known of it (RFC 1952 §2.3). */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

const deflate = promisify(deflateRaw);
