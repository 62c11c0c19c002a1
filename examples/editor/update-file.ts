import { type FileHandle, open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

interface Batch {
  readonly records: Uint8Array[];
  readonly written: Promise<void>;
}

/**
 * Updates of one document, in a file that only grows until it is replaced by one update that says the same.
 *
 * What was answered for is on the disk. A crash can tear only what nobody was answered for: the end, which is cut off when
 * the file is opened again, and kept beside it.
 */
export class UpdateFile {
  readonly #path: string;
  #handle: FileHandle;
  /** Begins to be written when what is before it has been. */
  #batch: Batch | undefined;
  /** One thing after the other. Where one fails the rest does too: nobody knows what is in the file then. */
  #last: Promise<void> = Promise.resolve();

  /** The file and what is in it; empty where there is none yet. */
  static async open(path: string): Promise<{ readonly file: UpdateFile; readonly updates: readonly Uint8Array[] }> {
    const bytes = await readFile(path).catch(emptyWhereMissing);
    const { updates, end } = readRecords(bytes);
    const handle = await open(path, "a");
    if (end < bytes.length) {
      await writeFile(`${path}.torn`, bytes.subarray(end));
      await handle.truncate(end);
    }
    await handle.sync();
    await syncFolder(path); // a new file's name is in its folder
    return { file: new UpdateFile(path, handle), updates };
  }

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Resolves when it is on the disk. What comes while the disk is busy is written at once behind that. */
  append(update: Uint8Array): Promise<void> {
    this.#batch ??= this.#begin();
    this.#batch.records.push(...recordOf(update));
    return this.#batch.written;
  }

  /** This update in the place of all that was appended before. At no time is there less in the file than one of the two. */
  replace(update: Uint8Array): Promise<void> {
    this.#batch = undefined; // what is appended from now on comes behind it
    return this.#inTurn(async () => {
      const path = `${this.#path}.new`;
      const handle = await open(path, "w");
      await handle.writev(recordOf(update));
      await handle.sync();
      await rename(path, this.#path);
      await syncFolder(path);
      await this.#handle.close();
      this.#handle = handle;
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {}); // told to who waits for it
    await this.#handle.close();
  }

  #begin(): Batch {
    const records: Uint8Array[] = [];
    const written = this.#inTurn(async () => {
      if (this.#batch?.records === records) this.#batch = undefined;
      await this.#handle.appendFile(Buffer.concat(records));
      await this.#handle.datasync();
    });
    return { records, written };
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(run);
    return this.#last;
  }
}

/** How many bytes an update takes in the file beside its own: its length and its checksum. */
export const RECORD_HEADER = 8;

function recordOf(update: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(RECORD_HEADER);
  header.writeUInt32LE(update.byteLength, 0);
  header.writeUInt32LE(crc32(update), 4);
  return [header, update];
}

function readRecords(bytes: Buffer): { readonly updates: readonly Uint8Array[]; readonly end: number } {
  const updates: Uint8Array[] = [];
  let end = 0;
  while (end + RECORD_HEADER <= bytes.length) {
    const start = end + RECORD_HEADER;
    const update = bytes.subarray(start, start + bytes.readUInt32LE(end));
    if (update.length !== bytes.readUInt32LE(end) || crc32(update) !== bytes.readUInt32LE(end + 4)) break;
    updates.push(update);
    end = start + update.length;
  }
  return { updates, end };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path));
  await folder.sync();
  await folder.close();
}

function emptyWhereMissing(error: NodeJS.ErrnoException): Buffer {
  if (error.code === "ENOENT") return Buffer.alloc(0);
  throw error;
}
