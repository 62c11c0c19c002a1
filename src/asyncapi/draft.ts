import type { ComponentsObject, MessageObject, Reference, SecurityScheme } from "../declare/asyncapi-document.js";
import type { StartupWarning } from "../declare/credential.js";
import { converterAdvice } from "../schema/json-schema.js";
import type { Schema } from "../schema/standard.js";
import { freeKey, pointerStep } from "./names.js";
import { SchemaBook } from "./schema-book.js";

/** The part of a document that its endpoints share, while it is being written, and what is to be said to its author. */
export class Draft {
  readonly schemas: SchemaBook = new SchemaBook();
  readonly #messages = new Map<string, MessageObject>();
  /** As JSON, by key. */
  readonly #texts = new Map<string, string>();
  readonly #securitySchemes = new Map<string, SecurityScheme>();
  readonly #warnings: StartupWarning[] = [];
  /** Examples of an author by their schema and their text: where each did not fit. Undefined: somewhere it did. */
  readonly #unfit = new Map<Schema, Map<string, string | undefined>>();

  /** Takes a message; what is the same is there once. The first key that is free, or that it has already, is its own. */
  addMessage(keys: readonly [string, ...string[]], message: MessageObject): Reference {
    const text = JSON.stringify(message);
    const known = keys.find((key) => this.#texts.get(key) === text);
    const key = known ?? freeKey((each) => this.#messages.has(each), keys);
    if (known === undefined) {
      this.#messages.set(key, message);
      this.#texts.set(key, text);
    }
    return { $ref: `#/components/messages/${pointerStep(key)}` };
  }

  addSecurityScheme(key: string, scheme: SecurityScheme): void {
    this.#securitySchemes.set(key, scheme);
  }

  /** An author gave this example: did it fit here? A schema that is used in both directions may have some for either. */
  noteExample(schema: Schema, example: unknown, isFit: boolean, where: string): void {
    const known = this.#unfit.get(schema) ?? new Map<string, string | undefined>();
    this.#unfit.set(schema, known);
    const text = JSON.stringify(example);
    if (isFit) known.set(text, undefined);
    else if (!known.has(text)) known.set(text, where);
  }

  /** None could be made that fits. */
  noteMissingExample(where: string): void {
    this.#warnings.push({
      code: "no_example",
      message: `${where}: no example could be made that its schema takes.`,
      fix: "Give the schema one, as zod does with .meta({ examples: [ … ] }).",
    });
  }

  /** @param rest of the document, which may lead to schemas too */
  componentsFor(rest: unknown): ComponentsObject {
    const messages = Object.fromEntries(this.#messages);
    return {
      messages,
      schemas: this.schemas.reachedFrom([rest, messages]),
      securitySchemes: Object.fromEntries(this.#securitySchemes),
    };
  }

  get warnings(): readonly StartupWarning[] {
    return [...this.#silentSchemas(), ...this.#unfitExamples(), ...this.#warnings];
  }

  #silentSchemas(): readonly StartupWarning[] {
    return [...this.schemas.silent].map(([vendor, places]) => ({
      code: "no_json_schema",
      message: `The document can't say what fits ${listOf(places)}: the validator, ${vendor}, gives no JSON Schema of it.`,
      fix: converterAdvice(vendor),
    }));
  }

  #unfitExamples(): readonly StartupWarning[] {
    const all = [...this.#unfit.values()].flatMap((examples) => [...examples]);
    return all.flatMap(([text, where]) => {
      if (where === undefined) return [];
      return {
        code: "bad_example",
        message: `${where}: the example ${cut(text)} does not fit its own schema, and is left out.`,
        fix: "Correct it, or leave it out: then one is made from the schema.",
      };
    });
  }
}

function listOf(places: readonly string[]): string {
  const more = places.length - MOST_TOLD;
  return more > 0 ? `${places.slice(0, MOST_TOLD).join("; ")} and ${more} more` : places.join("; ");
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

const MOST_TOLD = 5;
const MOST_CHARACTERS = 100;
