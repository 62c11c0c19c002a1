import type { Schema } from "../schema/standard.js";
import type { Answer, DashboardContract, ProcessSample, Question } from "./contract.js";

/** What a page asks. */
export const questionSchema: Schema<Question> = schemaOf(whyNoQuestion);

export const disconnectSchema: Schema<DashboardContract["receives"]["disconnect"]> = schemaOf(({ user }) =>
  isText(user, 1, MAX_USER) ? undefined : `\`user\` is a text of 1 to ${MAX_USER} characters.`,
);

/** What we make ourselves is sent as it is. */
export const sampleSchema: Schema<ProcessSample> = schemaOf(() => undefined);
export const answerSchema: Schema<Answer> = schemaOf(() => undefined);

/** A later version of this package may have others. */
export function isQuestion(value: unknown): value is Question {
  return isObject(value) && whyNoQuestion(value) === undefined;
}

function whyNoQuestion({ ask, about, text, which, id }: Fields): string | undefined {
  if (!isText(ask, 1, MAX_ASK)) return `\`ask\` is a text of 1 to ${MAX_ASK} characters.`;
  switch (about) {
    case "connections":
      if (which !== "open" && which !== "troubled" && which !== "closed") return "`which` is open, troubled or closed.";
      return isText(text, 0, MAX_TEXT) ? undefined : `\`text\` is a text of at most ${MAX_TEXT} characters.`;
    case "channels":
      return isText(text, 0, MAX_TEXT) ? undefined : `\`text\` is a text of at most ${MAX_TEXT} characters.`;
    case "connection":
      return isText(id, 1, MAX_ID) ? undefined : `\`id\` is a text of 1 to ${MAX_ID} characters.`;
    case "nothing":
      return undefined;
    default:
      return "`about` is connections, connection, channels or nothing.";
  }
}

const MAX_ASK = 64;
const MAX_TEXT = 200;
export const MAX_ID = 128;
const MAX_USER = 8_192;

export type Fields = Readonly<Record<string, unknown>>;

/** Standard Schema by hand: this package has no validator of its own. */
function schemaOf<Value>(why: (fields: Fields) => string | undefined): Schema<Value> {
  return {
    "~standard": {
      version: 1,
      vendor: "tidings",
      validate: (value) => {
        const message = isObject(value) ? why(value) : "An object is needed here.";
        return message === undefined ? { value: value as Value } : { issues: [{ message }] }; // it was checked by then
      },
    },
  };
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown, min: number, max: number): value is string {
  return typeof value === "string" && value.length >= min && value.length <= max;
}
