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
  return blocks.map((block) => ({ path, line: block.line, language: block.language, ...fateOf(block, path) }));
}

function fateOf(block: Block, path: string): Pick<Fate, "fate" | "reasons"> {
  if (isCompiled(block)) {
    const reasons = marksOf(block, "not compiled").map(({ reason }) => reason);
    return { fate: reasons.length === 0 ? "compiled" : "left out", reasons };
  }
  if (isShell(block)) {
    const typed = TESTED.find(({ pages, language }) => language === "sh" && pages.test(path));
    if (typed !== undefined) return { fate: "left out", reasons: [typed.by] };
    const marks = marksOf(block, "not run");
    const reasons = marks.map(({ text, reason }) => (text === undefined ? reason : `${text}: ${reason}`));
    return { fate: commandsOf(block).length > 0 ? "run" : "left out", reasons };
  }
  if (isData(block)) return { fate: "read", reasons: [] };
  if (block.language === "") return { fate: "text", reasons: [] };
  const [said] = marksOf(block, "not compiled").map(({ reason }) => reason);
  const tested = TESTED.find(({ pages, language }) => language === block.language && pages.test(path));
  return { fate: "left out", reasons: [said ?? tested?.by ?? `nothing here reads ${block.language}`] };
}

/** What has a test of its own. */
const TESTED: readonly { readonly pages: RegExp; readonly language: string; readonly by: string }[] = [
  {
    // The others need more than the test has: a sign-in, Redis, TLS.
    pages: /^examples\/patterns\/p(?!08|15|21)/,
    language: "sh",
    by: "test/examples/patterns/commands.test.ts types it",
  },
  ...["caddyfile", "dockerfile", "ini", "nginx"].map((language) => ({
    pages: /^docs\/how-to\/deploy\.md$/,
    language,
    by: "test/deployment compares it with the file in deploy/, which it tests",
  })),
  {
    pages: /^docs\/reference\/http-api\.md$/,
    language: "acl",
    by: "test/integration/redis asks a Redis with these rules",
  },
];
