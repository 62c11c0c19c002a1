/** An error with words in it: these keys may not be there, and the type checker says why. */
export type Refuse<Names, Advice extends string> = { readonly [Name in Names & string]: Advice };

/** In the place of `never`: a sentence that says what to do. */
export type OrTell<T, Advice> = [T] extends [never] ? Advice : T;

/** The names of a record, where they are known; of any `Record<string, …>` none are. */
export type KnownNames<Named> = string extends keyof Named ? never : keyof Named;
