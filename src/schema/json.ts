type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * What a value is once it went through JSON: a Date arrives as a string, `any` as `unknown`.
 * What JSON leaves as it is keeps its own type, so that names and recursion survive into declaration files.
 */
export type Json<T> = IsAny<T> extends true ? unknown : T extends Kept<T> ? T : ThroughJson<T>;

/**
 * The type itself, with `never` in the place of all that JSON changes. It never asks whether one type fits another that is
 * made of it, so that a type may refer to itself.
 */
export type Kept<T> =
  IsAny<T> extends true
    ? never
    : unknown extends T
      ? unknown
      : T extends string | number | boolean | null | undefined
        ? T
        : T extends NotJson | { toJSON(...args: never[]): unknown }
          ? never
          : T extends readonly (infer Item)[]
            ? number extends T["length"]
              ? Kept<Item>[]
              : { -readonly [K in keyof T]: Kept<T[K]> }
            : T extends object
              ? { -readonly [K in keyof T]: Kept<T[K]> }
              : never;

/** What JSON has nothing for. */
type NotJson = bigint | symbol | ((...args: never[]) => unknown) | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

export type ThroughJson<T> = unknown extends T
  ? unknown
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends { toJSON(...args: never[]): infer R }
      ? Json<R>
      : T extends NotJson
        ? never
        : T extends object
          ? { -readonly [K in keyof T]: Json<T[K]> }
          : never;

/** A reply: what a handler returned, as the other side sees it. Nothing is `null`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing has the return type `void`
export type Reply<T> = IsAny<T> extends true ? unknown : [T] extends [void] ? null : Json<T extends void ? null : T>;
