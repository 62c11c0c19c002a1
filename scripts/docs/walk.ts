import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, commandsIn, fits } from "./commands.js";
import { type Block, type Fault, marksOf, type Page } from "./page.js";
import { type Outcome, Session, type SessionOptions } from "./session.js";

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
  for (const block of page.blocks) {
    writeFiles(block, session.folder);
    if (!isShell(block)) continue;
    const interruptions = marksOf(block, "Ctrl-C").map(({ when }) => when);
    if (interruptions.includes("before")) {
      const fault = await session.interrupt();
      if (fault !== undefined) return failed(block.line, fault);
    }
    for (const command of commandsOf(block)) {
      const { text, line, isHidden } = command;
      const outcome = await session.run(text, { isOpen: NEEDS_THE_REGISTRY.test(text) });
      commands += 1;
      const isOver = outcome.isLasting && !isHidden && interruptions.includes("after each");
      const fault = faultOf(command, outcome) ?? (isOver ? await session.interrupt("last") : undefined);
      if (fault !== undefined) return failed(line, `${text}\n${fault}`);
    }
  }
  const fault = await session.interrupt();
  return fault === undefined ? { faults: [], commands } : failed(page.blocks.at(-1)?.line ?? 1, fault);
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

const NEEDS_THE_REGISTRY = /\bnpm (install|ci)\b/;

function faultOf({ answer }: Command, { stdout, fault }: Outcome): string | undefined {
  if (fault !== undefined || answer === undefined || fits(stdout, answer)) return fault;
  return `The page says that it answers\n${answer}\nIt answered\n${stdout.trimEnd()}`;
}

function writeFiles(block: Block, folder: string): void {
  for (const { name, code } of marksOf(block, "file")) if (code !== undefined) write(folder, name, code);
  if (block.file !== undefined) write(folder, block.file, block.code);
}

function write(folder: string, name: string, text: string): void {
  const path = resolve(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
