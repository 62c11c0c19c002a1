type IsAny<T> = 0 extends 1 & T ? true : false;

/** What JSON leaves as it is. */
type Plain = string | number | boolean | null | undefined | Plain[] | { [key: string]: Plain };

/**
 * What a value is once it went through JSON: a Date arrives as a string, `any` as `unknown`.
 * What JSON leaves as it is keeps its own type, so that names and recursion survive into declaration files.
 */
export type Json<T> =
  IsAny<T> extends true ? unknown : T extends Plain ? T : T extends ThroughJson<T> ? T : ThroughJson<T>;

export type ThroughJson<T> = unknown extends T
  ? unknown
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends { toJSON(...args: never[]): infer R }
      ? Json<R>
      : T extends
            | bigint
            | symbol
            | ((...args: never[]) => unknown)
            | ReadonlyMap<unknown, unknown>
            | ReadonlySet<unknown>
        ? never
        : T extends object
          ? { -readonly [K in keyof T]: Json<T[K]> }
          : never;

/** A reply: what a handler returned, as the other side sees it. Nothing is `null`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing has the return type `void`
export type Reply<T> = IsAny<T> extends true ? unknown : [T] extends [void] ? null : Json<T extends void ? null : T>;
