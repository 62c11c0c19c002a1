import type { Draft, Path, Problem } from "./draft.js";
import type { Field } from "./form-model.js";

/** What is wrong, by the field that shows it: the key is {@link placeKey}. */
export type Placed = ReadonlyMap<string, readonly string[]>;

/** Finds for each issue the field that is on the page. Where there is none, the nearest around it shows it, and says what it is of. */
export function placeIssues(field: Field, draft: Draft, issues: readonly Problem[]): Placed {
  const placed = new Map<string, string[]>();
  for (const { path, message } of issues) {
    const shown = shownPath(field, draft, path);
    const rest = path.slice(shown.length).join(".");
    const key = placeKey(shown);
    placed.set(key, [...(placed.get(key) ?? []), rest === "" ? message : `${rest}: ${message}`]);
  }
  return placed;
}

/** As an error says its issues on the wire; what has not that form is passed over. */
export function issuesOf(payload: unknown): Problem[] {
  const issues: unknown = Object(payload).issues;
  if (!Array.isArray(issues)) return [];
  return issues.map((issue: unknown) => {
    const { path, message } = Object(issue);
    return { path: Array.isArray(path) ? path.map(segment) : [], message: String(message ?? "It does not fit.") };
  });
}

export function placeKey(path: Path): string {
  return JSON.stringify(path.map(String));
}

interface Shown {
  readonly field: Field;
  readonly draft: Draft;
}

/** The longest beginning of the path that has a field of its own. */
function shownPath(field: Field, draft: Draft, path: Path): Path {
  const shown: (string | number)[] = [];
  let at: Shown | undefined = { field, draft };
  for (const name of path) {
    at = at && within(at.field, at.draft, name);
    if (at === undefined) break;
    shown.push(name);
  }
  return shown;
}

function within(field: Field, draft: Draft, name: string | number): Shown | undefined {
  if (field.kind === "nullable" && draft.kind === "nullable")
    return draft.isNull ? undefined : within(field.inner, draft.inner, name);
  if (field.kind === "list" && draft.kind === "list") {
    const item = draft.items[Number(name)];
    return item && { field: field.item, draft: item };
  }
  if (field.kind === "group" && draft.kind === "group") {
    const member = field.members.find((each) => each.name === String(name));
    const inner = Object.hasOwn(draft.members, String(name)) ? draft.members[String(name)] : undefined;
    return member && inner && { field: member.field, draft: inner.draft };
  }
  return undefined;
}

function segment(value: unknown): string | number {
  return typeof value === "number" ? value : String(value);
}
