/** A document, with its blocks of code in their order. */
export interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly blocks: readonly Block[];
  readonly faults: readonly Fault[];
}

export interface Block {
  /** As the fence has it: `ts`, `sh`; empty where it says nothing. */
  readonly language: string;
  readonly code: string;
  /** Of the page: where its first line is. */
  readonly line: number;
  /** The name that its first line has, or a mark before it. */
  readonly file: string | undefined;
  /** What the comments before it say. */
  readonly marks: readonly Mark[];
}

/** What readers of the page don't see: an HTML comment, which is of the next block. */
export type Mark =
  /** Code that stands before the block, or around it: the block is where its `…` is. */
  | { readonly kind: "with"; readonly code: string; readonly line: number }
  /** A file that whoever reads the page is taken to have; without `code` it is the block. */
  | { readonly kind: "file"; readonly name: string; readonly code: string | undefined; readonly line: number }
  /** With `text` only of the commands that it is in. */
  | { readonly kind: "not run"; readonly text: string | undefined; readonly reason: string; readonly line: number }
  | { readonly kind: "not compiled"; readonly reason: string; readonly line: number }
  /** What runs is ended: before the block, or after each of its commands. */
  | { readonly kind: "Ctrl-C"; readonly when: "before" | "after each"; readonly line: number };

export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export function readPage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const faults: Fault[] = [];
  let marks: Mark[] = [];
  for (const { index, groups = {} } of text.matchAll(BLOCK_OR_COMMENT)) {
    const line = lineAt(text, index);
    if (groups.comment !== undefined) {
      const mark = readMark(groups.comment, line);
      if (mark === "malformed") faults.push({ path, line, text: `This is no mark: <!--${groups.comment}-->` });
      else if (mark !== undefined) marks.push(mark);
      continue;
    }
    const { indent = "", language = "", code: indented = "" } = groups;
    const code = indented.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    blocks.push({ language, code, line: line + 1, file: fileOf(code, marks), marks });
    marks = [];
  }
  for (const { line } of marks) faults.push({ path, line, text: "There is no block below this mark." });
  return { path, blocks, faults };
}

/** Marks of one kind, narrowed to it. */
export function marksOf<Kind extends Mark["kind"]>(block: Block, kind: Kind): Extract<Mark, { kind: Kind }>[] {
  return block.marks.filter((mark): mark is Extract<Mark, { kind: Kind }> => mark.kind === kind);
}

/** In a comment nothing is code, and in a block nothing is a comment: whichever begins first. */
const BLOCK_OR_COMMENT =
  /^(?<indent> *)```(?<language>\S*)[^\n]*\n(?<code>[\s\S]*?)^ *```$|^ *<!--(?<comment>[\s\S]*?)-->/gm;

const NAMED = /^(?:\/\/|#) ([\w./-]+\.\w+)(?=$|[:,\s])/;

function fileOf(code: string, marks: readonly Mark[]): string | undefined {
  const said = marks.find((mark) => mark.kind === "file" && mark.code === undefined);
  return said?.kind === "file" ? said.name : NAMED.exec(code)?.[1];
}

/** `undefined` for a comment that is about something else. */
function readMark(comment: string, line: number): Mark | "malformed" | undefined {
  const text = comment.trim();
  const [, kind] = /^(with|file|not run|not compiled|Ctrl-C)\b/.exec(text) ?? [];
  if (kind === undefined) return undefined;
  const [, before, after] =
    /^(?:with|file|not run|not compiled)(?:, ([^:\n]+(?::\/\/[^:\n]+)?))?:\s*([\s\S]+)$/.exec(text) ?? [];
  if (kind === "Ctrl-C") {
    const [, when] = /^Ctrl-C (before|after each)$/.exec(text) ?? [];
    return when === "before" || when === "after each" ? { kind, when, line } : "malformed";
  }
  if (after === undefined || (before !== undefined && kind !== "not run")) return "malformed";
  switch (kind) {
    case "with":
      return { kind, code: after, line: line + (comment.split(after, 1)[0]?.split("\n").length ?? 1) - 1 };
    case "file": {
      const [name = "", ...rest] = after.split("\n");
      return { kind, name: name.trim(), code: rest.length === 0 ? undefined : `${rest.join("\n")}\n`, line: line + 1 };
    }
    case "not run":
      return { kind, text: before, reason: after, line };
    default:
      return { kind: "not compiled", reason: after, line };
  }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
