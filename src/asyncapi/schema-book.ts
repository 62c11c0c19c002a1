import { type JsonSchema, jsonSchemaOf, type SchemaSide } from "../schema/json-schema.js";
import type { Schema } from "../schema/standard.js";
import { freeKey, pointerStep, toKey } from "./names.js";
import { wellFormed } from "./schema-forms.js";
import { decodeStep, findRefs, isSchemaObject, rewrite } from "./schema-refs.js";

/** The JSON Schemas of one document: each schema is converted once for each side, and what has a name stands there once. */
export class SchemaBook {
  readonly #schemas = new Map<string, JsonSchema>();
  /** By what they are and what they were called. */
  readonly #keys = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #read = new Map<SchemaSide, Map<Schema, JsonSchema | undefined>>();
  readonly #silent = new Map<string, string[]>();

  /** `components.schemas`: what the rest of the document leads to. */
  reachedFrom(rest: unknown): Readonly<Record<string, JsonSchema>> {
    const reached = new Set<string>();
    const reach = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      const ref: unknown = Reflect.get(value, "$ref");
      const key = typeof ref === "string" ? keyIn(ref) : undefined;
      if (key !== undefined && !reached.has(key)) {
        reached.add(key);
        reach(this.#schemas.get(key));
      }
      for (const part of Object.values(value)) reach(part);
    };
    reach(rest);
    return Object.fromEntries([...this.#schemas].filter(([key]) => reached.has(key)));
  }

  /** Of which validator there were schemas without a JSON Schema, and where. */
  get silent(): ReadonlyMap<string, readonly string[]> {
    return this.#silent;
  }

  /**
   * A schema as it may stand in the document; undefined where its validator gives none.
   *
   * @param key what it is, for those parts of it that must have a name and have none
   * @param where for people, such as `/ws, receives.say`
   */
  read(schema: Schema, side: SchemaSide, key: string, where: string): JsonSchema | undefined {
    const known = this.#read.get(side) ?? new Map<Schema, JsonSchema | undefined>();
    this.#read.set(side, known);
    if (!known.has(schema)) {
      const raw = jsonSchemaOf(schema, side);
      known.set(schema, raw && this.#place(wellFormed(raw), side, key));
    }
    const json = known.get(schema);
    if (json === undefined) this.#note(schema["~standard"].vendor, where);
    return json;
  }

  /** One of our own, to be referred to. */
  add(key: string, json: JsonSchema): JsonSchema {
    this.#taken.add(key);
    this.#schemas.set(key, json);
    return refTo(key);
  }

  /** What a schema is, where it refers to another. Undefined where that goes round in a circle, or leads nowhere. */
  resolve(json: JsonSchema): JsonSchema | undefined {
    const passed = new Set<string>();
    let found: JsonSchema | undefined = json;
    while (found?.$ref !== undefined) {
      if (passed.has(found.$ref)) return undefined;
      passed.add(found.$ref);
      found = this.#follow(found.$ref);
    }
    return found;
  }

  #note(vendor: string, where: string): void {
    const places = this.#silent.get(vendor) ?? [];
    if (!places.includes(where)) places.push(where);
    this.#silent.set(vendor, places);
  }

  /** Takes its named parts into the document, and lets it refer to them there. */
  #place(raw: JsonSchema, side: SchemaSide, key: string): JsonSchema {
    const parts = definitionsOf(raw);
    const names = new Map<string, string>();
    const fresh: string[] = [];
    for (const name of parts.keys()) {
      const { at, isNew } = this.#keyFor(name, side, key, identityOf(name, parts));
      names.set(name, at);
      if (isNew) fresh.push(name);
    }
    // Of one that refers to itself as a whole, or to a part without a name, the whole gets one.
    const refs = [raw, ...parts.values()].flatMap(findRefs);
    const isReferredTo = refs.some((ref) => ref.startsWith("#") && partOf(ref) === undefined);
    const { at: root, isNew } = isReferredTo
      ? this.#keyFor(undefined, side, key, JSON.stringify(raw))
      : { at: "", isNew: false };
    const redirect = (ref: string) => redirected(ref, names, root);
    for (const name of fresh) this.#schemas.set(names.get(name) ?? name, rewrite(parts.get(name) ?? {}, redirect));
    const own = rewrite(raw, redirect);
    if (isReferredTo && isNew) this.#schemas.set(root, own);
    for (const key of [...fresh.map((name) => names.get(name) ?? name), ...(isNew ? [root] : [])]) {
      this.#schemas.set(key, this.#settled(this.#schemas.get(key) ?? {}));
    }
    return isReferredTo ? refTo(root) : this.#settled(own);
  }

  /** Of what refers to itself and to nothing else, or to what is not there, there is nothing to be said. */
  #settled(json: JsonSchema): JsonSchema {
    return rewrite(json, (ref) => (this.resolve({ $ref: ref }) === undefined ? undefined : ref));
  }

  /** Where a part is, or is to be: what is the same stands there once. */
  #keyFor(
    name: string | undefined,
    side: SchemaSide,
    key: string,
    identity: string,
  ): { readonly at: string; readonly isNew: boolean } {
    const known = this.#keys.get(`${name} ${identity}`);
    if (known !== undefined) return { at: known, isNew: false };
    const own = name === undefined || isMadeUp(name) ? key : toKey(name);
    const isTaken = (each: string) => this.#taken.has(each);
    const at = freeKey(isTaken, [own, `${own}.${side === "arrives" ? "input" : "output"}`]);
    this.#taken.add(at);
    this.#keys.set(`${name} ${identity}`, at);
    return { at, isNew: true };
  }

  #follow(ref: string): JsonSchema | undefined {
    const key = keyIn(ref);
    if (key === undefined) return undefined;
    const found = valueAt(this.#schemas.get(key), ref.slice(PLACE.length));
    return isSchemaObject(found) ? found : undefined;
  }
}

const PLACE = "#/components/schemas/";

function keyIn(ref: string): string | undefined {
  return ref.startsWith(PLACE) ? decodeStep(ref.slice(PLACE.length).split("/", 1)[0] ?? "") : undefined;
}

function refTo(key: string): JsonSchema {
  return { $ref: `${PLACE}${pointerStep(key)}` };
}

/** zod, valibot and arktype give names of their own to what has none and needs one. */
function isMadeUp(name: string): boolean {
  return /^(?:__schema\d+|\d+|(?:intersection|union|domain|proto|morph|unit|alias)\d*)$/.test(name);
}

function definitionsOf(raw: JsonSchema): ReadonlyMap<string, JsonSchema> {
  const all = [raw.definitions, raw.$defs].flatMap((part) => Object.entries(Object(part)));
  return new Map(all.flatMap(([name, part]) => (isSchemaObject(part) ? [[name, part] as const] : [])));
}

/** What a JSON Pointer leads to; what comes before its first `/` is not looked at. */
function valueAt(from: unknown, pointer: string): unknown {
  const steps = pointer.split("/").slice(1).map(decodeStep);
  return steps.reduce(
    (at, step) => (Object.hasOwn(Object(at), step) ? Reflect.get(Object(at), step) : undefined),
    from,
  );
}

/** The part, and all that it leads to. */
function identityOf(name: string, parts: ReadonlyMap<string, JsonSchema>): string {
  const reached = new Map<string, JsonSchema>();
  const reach = (each: string): void => {
    const part = parts.get(each);
    if (part === undefined || reached.has(each)) return;
    reached.set(each, part);
    for (const ref of findRefs(part)) reach(partOf(ref)?.name ?? "");
  };
  reach(name);
  return JSON.stringify([...reached]);
}

/** `#/definitions/Tree/properties/kids` → `Tree`, and the rest of the way. */
function partOf(ref: string): { readonly name: string; readonly rest: string } | undefined {
  const [, name, rest = ""] = /^#\/(?:definitions|\$defs)\/([^/]+)(\/.*)?$/.exec(ref) ?? [];
  return name === undefined ? undefined : { name: decodeStep(name), rest };
}

function redirected(ref: string, names: ReadonlyMap<string, string>, root: string): string | undefined {
  const part = partOf(ref);
  const to = part && names.get(part.name);
  if (part !== undefined) return to === undefined ? undefined : `${refTo(to).$ref}${part.rest}`;
  return ref.startsWith("#") ? `${refTo(root).$ref}${ref.slice(1)}` : undefined;
}
