import { is, isType } from "./is.js";

const unchecked: ReturnType<typeof JSON.parse> = JSON.parse("{}");
declare const unknown: unknown;
declare const never: never;
declare const nested: { list: (typeof unchecked)[] };
declare const optional: { name?: string };
declare const frozen: { readonly name: string };

is<string>()("text");
is<{ name?: string }>()(optional);
isType<typeof unchecked, string>(false);
isType<typeof nested, { list: string[] }>(false);

// @ts-expect-error `any` is no string
is<string>()(unchecked);
// @ts-expect-error `any` is not unknown
is<unknown>()(unchecked);
// @ts-expect-error `any` is not never
is<never>()(unchecked);
// @ts-expect-error an `any` further in counts as well
is<{ list: string[] }>()(nested);
// @ts-expect-error unknown is no string
is<string>()(unknown);
// @ts-expect-error never is no string
is<string>()(never);
// @ts-expect-error a string is wider than this one
is<"text">()("text" as string);
// @ts-expect-error an optional key is not one that may be undefined
is<{ name: string | undefined }>()(optional);
// @ts-expect-error a key that may be written is not one that may not
is<{ name: string }>()(frozen);
// @ts-expect-error the two differ
isType<string, number>(true);
