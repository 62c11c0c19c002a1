import { readRepository } from "../../test/support/repository.js";
import { commandsIn } from "./commands.js";
import type { Block, Page } from "./page.js";

/** A file as a page, or the new project, had it last. */
interface StepFile {
  readonly page: string;
  readonly code: string;
  /** Of the page. */
  readonly line: number;
}

/** Whether this page is followed in the project in which the one before it was: what that one left there, this one finds. */
export function isStep({ path }: Pick<Page, "path">): boolean {
  return path.startsWith("docs/guide/");
}

/** The files that a new project has by the end of each of these pages, by name. */
export function* projectsOf(
  steps: readonly Page[],
): Iterable<{ readonly step: string; readonly files: ReadonlyMap<string, StepFile> }> {
  const files = new Map<string, StepFile>();
  for (const [page, code] of readRepository(TEMPLATE)) files.set(page.replace(TEMPLATE, "$1"), { page, code, line: 1 });
  for (const { path, blocks } of steps) {
    for (const block of blocks) {
      if (block.file !== undefined) files.set(block.file, { page: path, code: block.code, line: block.line });
      for (const name of removedBy(block)) files.delete(name);
    }
    yield { step: path, files: new Map(files) };
  }
}

const TEMPLATE = /^templates\/app\/([^/]+\.ts)$/;

function removedBy({ language, code, line }: Block): string[] {
  if (language !== "sh") return [];
  return commandsIn(code, line).flatMap(({ text }) => /^rm (?:-f )?([\w. -]+)/.exec(text)?.[1]?.split(" ") ?? []);
}
