import { type FileHandle, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

interface Batch {
  readonly records: Uint8Array[];
  readonly written: Promise<void>;
}

/**
 * Updates of one document, in a file that only grows until it is replaced by one update that says the same. There is none
 * before the first update. It has one owner: two processes would write over each other.
 *
 * What was answered for is on the disk. A crash can tear only what nobody was answered for: the end, which is cut off when
 * the file is opened again. What is cut off is kept beside it, should it have been the disk's fault.
 */
export class UpdateFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  /** Bytes of it that are on the disk. */
  #bytes = 0;
  /** Begins to be written when what is before it has been. */
  #batch: Batch | undefined;
  /** One thing after the other. Where one fails the rest does too: nobody knows what is in the file then. */
  #last: Promise<void> = Promise.resolve();

  /** The file and what is in it. */
  static async open(path: string): Promise<{ readonly file: UpdateFile; readonly updates: readonly Uint8Array[] }> {
    const bytes = await readFile(path).catch(emptyWhereMissing);
    const { updates, end } = readRecords(bytes);
    const file = new UpdateFile(path);
    if (bytes.length > 0) await file.#keep(bytes, end);
    return { file, updates };
  }

  private constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when all that was appended until now is on the disk. */
  get written(): Promise<void> {
    return this.#last;
  }

  /** Resolves when it is on the disk. What comes while the disk is busy is written at once behind that. */
  append(update: Uint8Array): Promise<void> {
    this.#batch ??= this.#begin();
    this.#batch.records.push(...recordOf(update));
    return this.#batch.written;
  }

  /** This update in the place of all that was appended before: until all of it is on the disk, that stays. */
  replace(update: Uint8Array): Promise<void> {
    this.#batch = undefined; // what is appended from now on comes behind it
    return this.#inTurn(async () => {
      const path = `${this.#path}.new`;
      const record = Buffer.concat(recordOf(update));
      const handle = await open(path, "w");
      try {
        await handle.writeFile(record);
        await handle.sync();
        await rename(path, this.#path);
      } catch (error) {
        await handle.close();
        await rm(path, { force: true }); // it takes the room that there may be too little of
        throw error;
      }
      await this.#handle?.close();
      this.#handle = handle;
      this.#bytes = record.length;
      await syncFolder(path);
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {}); // told to who waits for it
    await this.#handle?.close();
  }

  /** So much of it, on the disk: what the process before this one wrote may not have been there yet. */
  async #keep(bytes: Buffer, end: number): Promise<void> {
    const handle = await this.#open();
    if (end < bytes.length) {
      const beside = `${this.#path}.${Date.now()}.torn`;
      // Where there is no room for that, what is whole is to be read all the same.
      await writeFile(beside, bytes.subarray(end), { flag: "wx" }).catch(() => rm(beside, { force: true }));
      await handle.truncate(end);
    }
    await handle.sync();
    this.#bytes = end;
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle !== undefined) return this.#handle;
    this.#handle = await open(this.#path, "a");
    await syncFolder(this.#path); // where its name is, if it is new
    return this.#handle;
  }

  #begin(): Batch {
    const records: Uint8Array[] = [];
    const written = this.#inTurn(async () => {
      if (this.#batch?.records === records) this.#batch = undefined;
      await this.#write(Buffer.concat(records));
    });
    return { records, written };
  }

  async #write(bytes: Buffer): Promise<void> {
    const handle = await this.#open();
    try {
      await handle.appendFile(bytes);
      await handle.datasync();
    } catch (error) {
      await handle.truncate(this.#bytes); // on a full disk a part of it may be there, and takes room
      throw error;
    }
    this.#bytes += bytes.length;
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
    const [length, checksum] = [bytes.readUInt32LE(end), bytes.readUInt32LE(end + 4)];
    const start = end + RECORD_HEADER;
    const update = bytes.subarray(start, start + length);
    // No update is empty. Zeros are what a file system may leave that had room for the end, and lost what was in it.
    if (length === 0 || update.length !== length || crc32(update) !== checksum) break;
    updates.push(update);
    end = start + length;
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
