import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, commandsIn } from "./commands.js";
import { type Block, type Fault, marksOf, type Page } from "./page.js";
import { type Mishap, Session, type SessionOptions } from "./session.js";

export interface Walk {
  readonly faults: readonly Fault[];
  /** How many were run. */
  readonly commands: number;
}

/**
 * Follows a page as its reader would: writes its files, and types its commands, from the first to the last. It ends with the
 * first that does not go as the page says, since the others stand on it.
 */
export async function walk(page: Page, options: SessionOptions): Promise<Walk> {
  await using session = new Session(options);
  let commands = 0;
  const failed = (line: number, text: string): Walk => ({ faults: [{ path: page.path, line, text }], commands });
  const went = ({ command: { line, text }, fault }: Mishap): Walk => failed(line, `${text}\n${fault}`);
  for (const block of page.blocks) {
    for (const [name, text] of filesOf(block)) {
      const file = resolve(session.folder, name);
      // They are written from without the sandbox.
      if (!file.startsWith(`${options.folder}/`)) return failed(block.line, `${file} is not in the page's folder.`);
      await write(file, text, session);
    }
    if (!isShell(block)) continue;
    const interruptions = marksOf(block, "Ctrl-C").map(({ when }) => when);
    const before = interruptions.includes("before") ? await session.interrupt() : undefined;
    if (before !== undefined) return went(before);
    for (const command of commandsOf(block)) {
      const outcome = await session.type(command);
      commands += 1;
      if (typeof outcome === "object") return went(outcome);
      const isOver = outcome === "goes on" && !command.isHidden && interruptions.includes("after each");
      const mishap = isOver ? await session.interrupt("last") : undefined;
      if (mishap !== undefined) return went(mishap);
    }
  }
  const mishap = await session.interrupt();
  return mishap === undefined ? { faults: [], commands } : went(mishap);
}

export function isShell({ language }: Block): boolean {
  return language === "sh";
}

/** What is run of a block, after what its marks put before it. */
export function commandsOf(block: Block): (Command & { readonly isHidden: boolean })[] {
  const hidden = marksOf(block, "with").flatMap(({ code, line }) => commandsIn(code, line));
  const leftOut = marksOf(block, "not run").map(({ text }) => text);
  const shown = commandsIn(block.code, block.line).filter(({ text }) =>
    leftOut.every((part) => part !== undefined && !text.includes(part)),
  );
  if (shown.length === 0) return [];
  return [
    ...hidden.map((command) => ({ ...command, isHidden: true })),
    ...shown.map((command) => ({ ...command, isHidden: false })),
  ];
}

async function write(file: string, text: string, session: Session): Promise<void> {
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const isReloaded = before !== undefined && before !== text ? session.reloaded(file) : undefined;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  await isReloaded;
}

function filesOf(block: Block): (readonly [name: string, text: string])[] {
  const given = marksOf(block, "file").flatMap(({ name, code }) => (code === undefined ? [] : [[name, code] as const]));
  return block.file === undefined ? given : [...given, [block.file, block.code]];
}
