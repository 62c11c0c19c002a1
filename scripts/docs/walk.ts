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
    for (const [name, text] of filesOf(block)) {
      const file = resolve(session.folder, name);
      // They are written from without the sandbox.
      if (!file.startsWith(`${options.folder}/`)) return failed(block.line, `${file} is not in the page's folder.`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    if (!isShell(block)) continue;
    const interruptions = marksOf(block, "Ctrl-C").map(({ when }) => when);
    if (interruptions.includes("before")) {
      const fault = await session.interrupt();
      if (fault !== undefined) return failed(block.line, fault);
    }
    for (const command of commandsOf(block)) {
      const { text, line, isHidden } = command;
      const outcome = await session.run(text);
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

function faultOf({ answer }: Command, { stdout, fault }: Outcome): string | undefined {
  if (fault !== undefined || answer === undefined || fits(stdout, answer)) return fault;
  return `The page says that it answers\n${answer}\nIt answered\n${stdout.trimEnd()}`;
}

function filesOf(block: Block): (readonly [name: string, text: string])[] {
  const given = marksOf(block, "file").flatMap(({ name, code }) => (code === undefined ? [] : [[name, code] as const]));
  return block.file === undefined ? given : [...given, [block.file, block.code]];
}
