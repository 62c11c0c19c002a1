import { type ContractOf, endpoint, type Input, type Output, type Schema } from "tidings";
import * as v from "valibot";
import { z } from "zod";
import { is, isType } from "./is.js";

/** A validator written by hand: whatever speaks Standard Schema will do. */
declare const celsius: Schema<string, number>;

const typed = endpoint("/ws/typed", {
  receives: {
    zod: z.object({ at: z.coerce.date(), n: z.number().default(1), kind: z.enum(["few", "many"]).optional() }),
    valibot: v.object({ tags: v.array(v.string()), n: v.optional(v.number(), 1) }),
    own: celsius,
    text: z.string(),
    nothing: z.object({}),
    open: z.unknown(),
    loose: z.any(),
  },
  on: {
    zod: (_, payload) => is<{ at: Date; n: number; kind?: "few" | "many" | undefined }>()(payload),
    valibot: (_, payload) => is<{ tags: string[]; n: number }>()(payload),
    own: (_, payload) => is<number>()(payload),
    text: (_, payload) => is<string>()(payload),
    nothing: (_, payload) => is<Record<string, never>>()(payload),
    open: (_, payload) => is<unknown>()(payload),
    loose() {},
  },
});

// A client gives what the schema takes.
type Receives = ContractOf<typeof typed>["receives"];
isType<Receives["zod"], { at: unknown; n?: number | undefined; kind?: "few" | "many" | undefined }>(true);
isType<Receives["valibot"], { tags: string[]; n?: number | undefined }>(true);
isType<Receives["own"], string>(true);
isType<Receives["text"], string>(true);
isType<Receives["nothing"], Record<string, never>>(true);
isType<Receives["open"], unknown>(true);
isType<keyof Receives, "zod" | "valibot" | "own" | "text" | "nothing" | "open" | "loose">(true);

isType<Input<typeof celsius>, string>(true);
isType<Output<typeof celsius>, number>(true);
isType<Input<"no schema">, never>(true);
