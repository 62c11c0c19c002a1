/**
 * Whether two types are one and the same. `any` is the same as `any` alone, wherever in a type it stands: in a payload's
 * key as well as at the top.
 */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What `is` asks for where the types differ, and nobody gives. */
export interface NotTheSame<Expected, Actual> {
  readonly expected: Expected;
  readonly actual: Actual;
}

/** `is<string>()(value)` compiles where `value` is a `string` and nothing wider, narrower or unchecked. */
export declare function is<Expected>(): <Actual>(
  actual: Actual,
  ...difference: Same<Actual, Expected> extends true ? [] : [NotTheSame<Expected, Actual>]
) => void;

/** The same for types that no value is at hand for: `isType<A, B>(true)`. */
export declare function isType<Actual, Expected>(answer: Same<Actual, Expected>): void;
