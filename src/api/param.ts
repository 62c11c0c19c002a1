import { fits } from "../asyncapi/schema-fit.js";
import { describeGiven } from "../base/quantity.js";
import { type Issue, TidingsError } from "../protocol/tidings-error.js";
import type { JsonSchema } from "../schema/json-schema.js";

/** What an operation is given under one name: its schema is what is checked, and what the document says. */
export interface Param<Value> {
  readonly schema: JsonSchema;
  /** What it has to be, such as `a text of 1 to 64 characters`. */
  readonly wanted: string;
  readonly isOptional: boolean;
  /** Only a type. */
  readonly "~value"?: Value | undefined;
}

export type Params = Readonly<Record<string, Param<unknown>>>;

/** What an operation is given, after its check. */
export type Given<Of extends Params> = {
  readonly [Name in keyof Of]: Of[Name] extends Param<infer Value> ? Value : never;
};

/** A text of at least one character. Without `max` it is as long as the whole may be. */
export function text(description: string, max?: number | undefined, examples: readonly string[] = []): Param<string> {
  const wanted = max === undefined ? "a text that is not empty" : `a text of 1 to ${max} characters`;
  const length = { minLength: 1, ...(max !== undefined && { maxLength: max }) };
  return required(wanted, { type: "string", ...length, description, ...(examples.length > 0 && { examples }) });
}

export function count(description: string, minimum: number, maximum: number): Param<number> {
  return required(`a whole number from ${minimum} to ${maximum}`, { type: "integer", minimum, maximum, description });
}

export function oneOf<Word extends string>(description: string, words: readonly Word[]): Param<Word> {
  return required(`one of ${words.join(", ")}`, { type: "string", enum: words, description });
}

/** Any JSON value. */
export function anything(description: string, examples: readonly unknown[] = []): Param<unknown> {
  return required("a JSON value", { description, ...(examples.length > 0 && { examples }) });
}

/** What another schema says. */
export function required<Value>(wanted: string, schema: JsonSchema): Param<Value> {
  return { schema, wanted, isOptional: false };
}

export function optional<Value>(param: Param<Value>): Param<Value | undefined> {
  return { ...param, isOptional: true };
}

/**
 * What was given, as the operation takes it. A name that it does not know is refused: what nobody reads would be without effect,
 * and nobody would know.
 *
 * @throws TidingsError `bad_request` with what does not fit
 */
export function readParams<Of extends Params>(params: Of, given: unknown): Given<Of> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw misfit([{ path: [], message: `This is ${describeGiven(given)}, and not an object.` }]);
  }
  // It was parsed from JSON, or from a query.
  const fields = given as Readonly<Record<string, unknown>>;
  const issues = [
    ...Object.keys(fields).flatMap((name) => (Object.hasOwn(params, name) ? [] : [unknownName(name, params)])),
    ...Object.entries(params).flatMap(([name, param]) => issuesOf(name, param, fields)),
  ];
  if (issues.length > 0) throw misfit(issues);
  const read = Object.keys(params).map((name) => [name, Object.hasOwn(fields, name) ? fields[name] : undefined]);
  return Object.fromEntries(read) as Given<Of>; // each has been checked by its own param
}

function issuesOf(name: string, param: Param<unknown>, fields: Readonly<Record<string, unknown>>): readonly Issue[] {
  if (!Object.hasOwn(fields, name)) {
    return param.isOptional ? [] : [{ path: [name], message: `It is missing: give ${param.wanted}.` }];
  }
  if (fits(fields[name], param.schema, (each) => each)) return [];
  return [{ path: [name], message: `It is ${describeGiven(fields[name])}: give ${param.wanted}.` }];
}

function unknownName(name: string, params: Params): Issue {
  const known = Object.keys(params);
  const names = known.length === 0 ? "Nothing is given here." : `Known are ${known.join(", ")}.`;
  return { path: [cut(name)], message: `There is no such name. ${names}` };
}

function cut(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

const MAX_NAME = 64;

function misfit(issues: readonly Issue[]): TidingsError {
  const [{ path, message } = { path: [], message: "" }] = issues;
  const where = path.length === 0 ? "" : `\`${path.join(".")}\`: `;
  return new TidingsError("bad_request", `What was asked does not fit: ${where}${message}`, { issues });
}
