import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { dirname, extname, join, sep } from "node:path";

export interface SourceWatchOptions {
  /** The project's folder. */
  readonly folder: string;
  readonly onChange: (paths: readonly string[]) => void;
  /** It can't be seen when something in this folder changes. */
  readonly onError: (folder: string, error: Error) => void;
}

/**
 * Notices when a file that was loaded changes, comes or goes, in whatever way an editor writes it: folders are watched, and
 * then it is looked whether the file is another.
 */
export class SourceWatch {
  readonly #options: SourceWatchOptions;
  readonly #folders = new Map<string, FSWatcher>();
  /** File → what it looked like. */
  readonly #files = new Map<string, string>();
  /** Does any source matter? Of what could not be loaded nobody knows what it lacks. */
  #isEager = false;
  readonly #changed = new Set<string>();
  #soon: NodeJS.Timeout | undefined;

  constructor(options: SourceWatchOptions) {
    this.#options = options;
  }

  /** It matters from now on, whether it is there or not. */
  add(path: string): void {
    if (this.#files.has(path) || path.includes(`${sep}node_modules${sep}`)) return;
    this.#files.set(path, lookOf(path));
    this.#watch(dirname(path));
  }

  /** From now on any source of the project matters, also one that is new. */
  watchAll(): void {
    if (this.#isEager) return;
    this.#isEager = true;
    const waiting = [this.#options.folder];
    for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
      this.#watch(folder);
      if (this.#folders.size >= MOST_FOLDERS) return;
      waiting.push(...foldersIn(folder));
    }
  }

  /** Only what was loaded does. */
  watchLoaded(): void {
    this.#isEager = false;
  }

  close(): void {
    clearTimeout(this.#soon);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #watch(folder: string): void {
    if (this.#folders.has(folder) || this.#folders.size >= MOST_FOLDERS) return;
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null) this.#look(join(folder, name));
      });
      watcher.on("error", () => this.#forget(folder));
      this.#folders.set(folder, watcher);
    } catch (error) {
      this.#options.onError(folder, error as Error); // which node:fs throws
    }
  }

  /** It is gone: what was in it is missed when it is loaded again. */
  #forget(folder: string): void {
    this.#folders.get(folder)?.close();
    this.#folders.delete(folder);
  }

  #look(path: string): void {
    if (!this.#files.has(path) && !(this.#isEager && this.#mayBeSource(path))) return;
    this.#changed.add(path);
    // One save is several events, and a checkout is many files.
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#tell(), QUIET_MS);
  }

  #mayBeSource(path: string): boolean {
    if (SOURCES.includes(extname(path))) return true;
    if (!isFolder(path)) return false;
    this.#watch(path);
    return true;
  }

  #tell(): void {
    const changed = [...this.#changed].filter((path) => {
      const before = this.#files.get(path);
      const now = lookOf(path);
      if (before !== undefined) this.#files.set(path, now);
      return now !== before;
    });
    this.#changed.clear();
    if (changed.length > 0) this.#options.onChange(changed);
  }
}

const QUIET_MS = 50;
const MOST_FOLDERS = 1_000;
const SOURCES: readonly string[] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];

/** Another text has another look. */
function lookOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "gone" : `${found.mtimeMs} ${found.size} ${found.ino}`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
    .map(({ name }) => join(folder, name));
}
