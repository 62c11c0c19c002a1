import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { channel, endpoint } from "../../../src/index.ts";

/** Apps whose schemas are of valibot and of arktype, by whose they are. */
export const otherValidators = {
  valibot: () => app(ofValibot()),
  arktype: () => app(ofArktype()),
};

/** All of them in both directions. */
function app(schemas) {
  const on = Object.fromEntries(Object.keys(schemas).map((name) => [name, () => {}]));
  const said = channel("said", { events: schemas, allow: { subscribe: true, publish: true } });
  return [endpoint("/ws", { receives: schemas, sends: schemas, channels: [said], on })];
}

function ofValibot() {
  const tree = v.object({ name: v.string(), kids: v.array(v.lazy(() => tree)) });
  const schemas = {
    say: v.pipe(
      v.object({ text: v.pipe(v.string(), v.minLength(1), v.maxLength(500), v.description("In words.")) }),
      v.title("Say"),
      v.metadata({ examples: [{ text: "hi" }] }),
    ),
    order: v.object({
      id: v.pipe(v.string(), v.uuid()),
      email: v.pipe(v.string(), v.email()),
      code: v.pipe(v.string(), v.regex(/^[A-Z]{3}-\d{4}$/)),
      pages: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)),
      at: v.pipe(
        v.string(),
        v.isoTimestamp(),
        v.transform((text) => new Date(text)),
        v.date(),
      ),
      kind: v.optional(v.picklist(["book", "film"]), "book"),
    }),
    shape: v.variant("kind", [
      v.object({ kind: v.literal("circle"), radius: v.number() }),
      v.object({ kind: v.literal("square"), side: v.number() }),
    ]),
    tree,
    pair: v.tuple([v.string(), v.nullable(v.number())]),
    map: v.record(v.string(), v.boolean()),
  };
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toStandardJsonSchema(schema)]));
}

function ofArktype() {
  return {
    say: type({ text: "1 <= string <= 500" }).describe("Says it."),
    order: type({
      id: "string.uuid",
      email: "string.email",
      code: /^[A-Z]{3}-\d{4}$/,
      pages: "1 <= number.integer <= 100",
      "kind?": "'book' | 'film'",
    }),
    shape: type({ kind: "'circle'", radius: "number" }, "|", { kind: "'square'", side: "number" }),
    tree: type.module({ tree: { name: "string", kids: "tree[]" } }).tree,
    parsed: type("string.date.parse"),
    list: type("string[] >= 2"),
  };
}
