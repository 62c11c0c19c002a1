import { isParamValue } from "../protocol/names.js";
import type { Question } from "./contract.js";
import { isObject, isQuestion, isText, MAX_ID } from "./message-schemas.js";

/** What each process tells all of those who look at the dashboard there: every 5 s, and when it changes, all of it. */
export interface Notice {
  readonly process: string;
  /** False: nobody does any more. */
  readonly looks: boolean;
  readonly asked: readonly Asked[];
}

/** What a page asks, and its connection. */
export interface Asked {
  readonly by: string;
  readonly question: Question;
}

export const NOTICE_TOPIC = "dashboard";

/** So many pages of one process have a question standing. */
export const MAX_ASKING = 25;

/** Undefined for what is none. Other versions of this package may run beside: what they ask, and is not known here, is left out. */
export function readNotice(said: unknown): Notice | undefined {
  if (!isObject(said)) return undefined;
  const { process, looks, asked } = said;
  if (!isText(process, 1, MAX_ID) || typeof looks !== "boolean" || !Array.isArray(asked)) return undefined;
  return { process, looks, asked: asked.slice(0, MAX_ASKING).filter(isAsked) };
}

function isAsked(value: unknown): value is Asked {
  return isObject(value) && typeof value.by === "string" && isParamValue(value.by) && isQuestion(value.question);
}
