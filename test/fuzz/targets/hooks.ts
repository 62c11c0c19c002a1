import { BadAnswerError, hooks as everyHook, readAnswer } from "../../../src/cli/serve/webhooks/answer.js";
import { TidingsError } from "../../../src/protocol/tidings-error.js";
import { hold, type Target } from "../target.js";

export const hooks: Target = {
  about: "what a backend answers to a webhook: a status in the first line, then the body",
  words: [
    ..."200 204 301 403 500 503 user id exp allow error code message retryAfterMs issues path reply".split(" "),
    ..."true false null forbidden rate_limited".split(" "),
  ],
  open: () => ({
    read: (input) => {
      const [first = "", ...body] = input.toString().split("\n");
      const status = /^[1-5]\d\d$/.test(first) ? Number(first) : 200;
      for (const hook of everyHook) readOne(hook, status, body.join("\n"));
    },
  }),
};

function readOne(hook: (typeof everyHook)[number], status: number, body: string): void {
  try {
    const { user, exp, allow } = readAnswer(hook, { status, body });
    const isGood = status >= 200 && status < 300;
    hold(isGood, "only a good status lets anybody do anything", { hook, status, body });
    hold(user === undefined || (typeof user.id === "string" && user.id !== ""), "who comes in has an id", user);
    hold(exp === undefined || Number.isFinite(exp), "an expiry is a number", exp);
    const isPermission = hook === "subscribe" || hook === "publish";
    const isSaid = isPermission || (hook === "connect" && user === undefined);
    hold(!isSaid || typeof allow === "boolean", "yes is said, and never taken for granted", { hook, body });
  } catch (error) {
    if (!(error instanceof TidingsError || error instanceof BadAnswerError)) throw error;
    hold(error.message.length < 4_096, "what is told of it has an end", error.message.length);
  }
}
