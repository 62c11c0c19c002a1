import { isData } from "./data.js";
import { type Block, marksOf, type Page } from "./page.js";
import { isCompiled } from "./typescript.js";
import { commandsOf, isShell } from "./walk.js";

/** What becomes of a block, and why where nothing does. */
export interface Fate {
  readonly path: string;
  readonly line: number;
  readonly language: string;
  readonly fate: "compiled" | "read" | "run" | "left out" | "text";
  /** Of what is left out of it. */
  readonly reasons: readonly string[];
}

export function fatesOf({ path, blocks }: Page): Fate[] {
  return blocks.map((block) => ({ path, line: block.line, language: block.language, ...fateOf(block) }));
}

function fateOf(block: Block): Pick<Fate, "fate" | "reasons"> {
  if (isCompiled(block)) {
    const reasons = marksOf(block, "not compiled").map(({ reason }) => reason);
    return { fate: reasons.length === 0 ? "compiled" : "left out", reasons };
  }
  if (isShell(block)) {
    const reasons = marksOf(block, "not run").map(({ text, reason }) =>
      text === undefined ? reason : `${text}: ${reason}`,
    );
    return { fate: commandsOf(block).length > 0 ? "run" : "left out", reasons };
  }
  if (isData(block)) return { fate: "read", reasons: [] };
  if (block.language === "") return { fate: "text", reasons: [] };
  return { fate: "left out", reasons: [ELSEWHERE[block.language] ?? `nothing here reads ${block.language}`] };
}

/** What is looked at by tests of its own. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  acl: "test/integration/redis asks a Redis with these rules",
  caddyfile: "test/deployment",
  dockerfile: "test/deployment",
  ini: "test/deployment",
  nginx: "test/deployment runs nginx, or reads it",
};
