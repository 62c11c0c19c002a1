import type { Asked, Notice } from "./notice.js";

/** One question, and how it was answered last. Times are of the clock that nobody sets. */
export interface Standing extends Asked {
  /** When this process looked for an answer last. */
  soughtAtMs: number | undefined;
  /** A hash of what it said last, and when. */
  said: string | undefined;
  saidAtMs: number;
  /** The broker has not taken yet what was said last. */
  isOnItsWay: boolean;
}

/** What is asked in all processes: what each said of it last, as long as it goes on saying so. */
export class StandingQuestions {
  readonly #processes = new Map<string, OfProcess>();

  /** Does anybody look, in any process? */
  get isLookedAt(): boolean {
    return this.#processes.size > 0;
  }

  /** Takes the place of what the process said before. True where there is something new to answer. */
  hear({ process, looks, asked }: Notice, nowMs: number): boolean {
    const known = this.#processes.get(process);
    if (!looks) {
      this.#processes.delete(process);
      return false;
    }
    if (known === undefined && this.#processes.size >= MAX_PROCESSES) return false;
    const questions = asked.map((each) => known?.questions.find((former) => isSame(former, each)) ?? standing(each));
    this.#processes.set(process, { questions, untilMs: nowMs + LEASE_MS });
    return known === undefined || questions.some(({ soughtAtMs }) => soughtAtMs === undefined);
  }

  /** Who is to hear it may have missed what was said last. */
  sayAgain(): void {
    for (const { questions } of this.#processes.values()) for (const each of questions) each.said = undefined;
  }

  /** What a process asked that is silent is forgotten. */
  forget(nowMs: number): void {
    for (const [process, { untilMs }] of this.#processes) if (untilMs <= nowMs) this.#processes.delete(process);
  }

  /** Those that no answer was sought for since then: those that have waited for longest first. */
  soughtBefore(sinceMs: number): readonly Standing[] {
    const all = [...this.#processes.values()].flatMap(({ questions }) => questions);
    const due = all.filter(({ soughtAtMs = Number.NEGATIVE_INFINITY }) => soughtAtMs <= sinceMs);
    return due.sort((a, b) => (a.soughtAtMs ?? 0) - (b.soughtAtMs ?? 0));
  }
}

/** A process says every 5 s who looks. */
const LEASE_MS = 15_000;
/** Nobody has so many; but whoever can write to the broker could say so. */
const MAX_PROCESSES = 1_000;

interface OfProcess {
  readonly questions: readonly Standing[];
  readonly untilMs: number;
}

function standing(asked: Asked): Standing {
  return { ...asked, soughtAtMs: undefined, said: undefined, saidAtMs: 0, isOnItsWay: false };
}

/** Pages give each question a name of its own, which comes back with its answers. */
function isSame(a: Asked, b: Asked): boolean {
  return a.by === b.by && JSON.stringify(a.question) === JSON.stringify(b.question);
}
