import type { Field } from "./form-model.js";

/** What somebody has put into a form, as it stands there: it need not be whole yet. Of the kind that its field is. */
export type Draft =
  | { readonly kind: "text" | "number" | "json"; readonly text: string }
  | { readonly kind: "flag"; readonly isOn: boolean }
  | { readonly kind: "choice"; readonly index: number }
  | { readonly kind: "constant" }
  | { readonly kind: "list"; readonly items: readonly Draft[] }
  | { readonly kind: "group"; readonly members: Readonly<Record<string, MemberDraft>> }
  | { readonly kind: "nullable"; readonly isNull: boolean; readonly inner: Draft };

export interface MemberDraft {
  /** One that is not required may be left out. */
  readonly isGiven: boolean;
  readonly draft: Draft;
}

export type Path = readonly (string | number)[];

/** Why a form can't be read: there is no JSON for what stands in a field. Whether the JSON fits, the server says. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
}

export type Reading =
  | { readonly value: unknown; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: readonly Problem[] };

/** What a form begins with. */
export function blankDraft(field: Field): Draft {
  if (field.initial !== undefined) {
    const draft = draftOf(field, field.initial);
    if (draft !== undefined) return draft;
  }
  switch (field.kind) {
    case "text":
    case "number":
      return { kind: field.kind, text: "" };
    case "json":
      return { kind: "json", text: "null" };
    case "flag":
      return { kind: "flag", isOn: false };
    case "choice":
      return { kind: "choice", index: 0 };
    case "constant":
      return { kind: "constant" };
    case "list":
      return {
        kind: "list",
        items: Array.from({ length: Math.min(field.minItems, 10) }, () => blankDraft(field.item)),
      };
    case "group":
      return groupDraft(field.members.map(({ name, field, isRequired }) => [name, isRequired, blankDraft(field)]));
    case "nullable":
      return { kind: "nullable", isNull: true, inner: blankDraft(field.inner) };
  }
}

/** A value as the form shows it; undefined where the form has no place for all of it. */
export function draftOf(field: Field, value: unknown): Draft | undefined {
  switch (field.kind) {
    case "text":
      return typeof value === "string" ? { kind: "text", text: value } : undefined;
    case "number":
      return typeof value === "number" ? { kind: "number", text: String(value) } : undefined;
    case "json":
      return { kind: "json", text: JSON.stringify(value, null, 2) };
    case "flag":
      return typeof value === "boolean" ? { kind: "flag", isOn: value } : undefined;
    case "choice": {
      const index = field.options.findIndex((option) => isSame(option, value));
      return index < 0 ? undefined : { kind: "choice", index };
    }
    case "constant":
      return isSame(field.value, value) ? { kind: "constant" } : undefined;
    case "list": {
      if (!Array.isArray(value)) return undefined;
      const items = value.map((item) => draftOf(field.item, item));
      return items.every((item) => item !== undefined) ? { kind: "list", items } : undefined;
    }
    case "group":
      return groupOf(field, value);
    case "nullable": {
      if (value === null) return { kind: "nullable", isNull: true, inner: blankDraft(field.inner) };
      const inner = draftOf(field.inner, value);
      return inner && { kind: "nullable", isNull: false, inner };
    }
  }
}

function groupOf(field: Extract<Field, { kind: "group" }>, value: unknown): Draft | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const names = new Set(field.members.map(({ name }) => name));
  if (Object.keys(value).some((name) => !names.has(name))) return undefined;
  const members: [string, boolean, Draft][] = [];
  for (const { name, field: inner, isRequired } of field.members) {
    const isGiven = Object.hasOwn(value, name);
    if (!isGiven && isRequired) return undefined;
    const draft = isGiven ? draftOf(inner, Object(value)[name]) : blankDraft(inner);
    if (draft === undefined) return undefined;
    members.push([name, isGiven, draft]);
  }
  return groupDraft(members);
}

function groupDraft(members: readonly (readonly [string, boolean, Draft])[]): Draft {
  // Made by entries: a member may be called `__proto__`.
  return {
    kind: "group",
    members: Object.fromEntries(members.map(([name, isGiven, draft]) => [name, { isGiven, draft }])),
  };
}

/** The JSON that a form stands for, or where there is none. */
export function readForm(field: Field, draft: Draft): Reading {
  const problems: Problem[] = [];
  const value = read(field, draft, [], problems);
  return problems.length > 0 ? { problems } : { value };
}

function read(field: Field, draft: Draft, path: Path, problems: Problem[]): unknown {
  const fail = (message: string) => void problems.push({ path, message });
  if (field.kind === "text" && draft.kind === "text") return draft.text;
  if (field.kind === "number" && draft.kind === "number") {
    const number = draft.text.trim() === "" ? Number.NaN : Number(draft.text);
    return Number.isFinite(number) ? number : fail("A number is needed here.");
  }
  if (field.kind === "json" && draft.kind === "json") {
    const parsed = parseJson(draft.text);
    return parsed.problem === undefined ? parsed.value : fail(parsed.problem);
  }
  if (field.kind === "flag" && draft.kind === "flag") return draft.isOn;
  if (field.kind === "choice" && draft.kind === "choice") return field.options[draft.index];
  if (field.kind === "constant") return field.value;
  if (field.kind === "list" && draft.kind === "list")
    return draft.items.map((item, index) => read(field.item, item, [...path, index], problems));
  if (field.kind === "nullable" && draft.kind === "nullable")
    return draft.isNull ? null : read(field.inner, draft.inner, path, problems);
  if (field.kind === "group" && draft.kind === "group") {
    const given = field.members.flatMap(({ name, field: inner, isRequired }) => {
      const member = Object.hasOwn(draft.members, name) ? draft.members[name] : undefined;
      if (member === undefined || (!member.isGiven && !isRequired)) return [];
      return [[name, read(inner, member.draft, [...path, name], problems)] as const];
    });
    return Object.fromEntries(given);
  }
  return fail("This does not belong to the form.");
}

/** Text as JSON, or why it is none. */
export function parseJson(text: string): { readonly value: unknown; readonly problem?: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    return { value: undefined, problem: text.trim() === "" ? "JSON is needed here." : `This is not JSON: ${why}` };
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
