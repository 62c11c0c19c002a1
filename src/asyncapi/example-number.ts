import type { JsonSchema } from "../schema/json-schema.js";
import { numberFits } from "./schema-fit.js";

/**
 * A number that fits; undefined where none was found.
 *
 * @param isKind such as `Number.isInteger`
 */
export function exampleNumber(json: JsonSchema, isKind: (value: number) => boolean): number | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf = 1 } = json;
  const least = Math.max(minimum ?? -Infinity, exclusiveMinimum ?? -Infinity);
  const most = Math.min(maximum ?? Infinity, exclusiveMaximum ?? Infinity);
  const steps = Math.ceil(least / multipleOf) * multipleOf;
  const candidates = [1, 0, multipleOf, steps, steps + multipleOf, Math.floor(most / multipleOf) * multipleOf];
  candidates.push(most - multipleOf, Math.ceil((least + most) / 2), (least + most) / 2, least, most);
  return candidates.find((value) => Number.isFinite(value) && isKind(value) && numberFits(value, json));
}
