/** What a program of the fleet is asked, over the channel to the process that began it. */
export interface Question {
  readonly id: number;
  readonly ask: string;
  readonly args: readonly unknown[];
}

export type Told =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }
  /** Something it says unasked. */
  | { readonly notice: string; readonly what?: unknown };

/** Answers each question by the function of its name. A program nobody asks any more ends. */
export function answerQuestions(answers: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", async ({ id, ask, args }: Question) => {
    try {
      const answer = answers[ask] as ((...args: unknown[]) => unknown) | undefined; // who asks knows what it takes
      tell({ id, answer: await answer?.(...args) });
    } catch (error) {
      tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}

export function notice(name: string, what?: unknown): void {
  tell({ notice: name, what });
}

function tell(told: Told): void {
  process.send?.(told);
}
