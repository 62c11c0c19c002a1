/** Something that reads what strangers send, and the rules that hold whatever they send. */
export interface Target {
  /** What is read, and what must hold. */
  readonly about: string;
  /** What means something there: mutations put it in. */
  readonly words: readonly string[];
  /** How many inputs are tried between two looks at what they reached. Default 256: of what takes long fewer. */
  readonly batch?: number | undefined;
  open(): Opened | Promise<Opened>;
}

/** A target that is ready to read. */
export interface Opened {
  /**
   * Reads one input. Throws, or rejects with, a `Breach` where a rule is broken; whatever else it throws is a breach too.
   * Resolves when all that the input began is over.
   */
  read(input: Buffer): void | Promise<void>;
  /** Ends what `open` began. Throws a `Breach` where something was left behind. */
  close?(): Promise<void>;
}

/** A rule is broken. Two inputs that break the same rule are one finding. */
export class Breach extends Error {
  override readonly name: string = "Breach";
  readonly rule: string;

  constructor(rule: string, shown?: unknown) {
    super(shown === undefined ? rule : `${rule}: ${describe(shown)}`);
    this.rule = rule;
  }
}

/** @throws Breach */
export function hold(isSo: boolean, rule: string, shown?: unknown): void {
  if (!isSo) throw new Breach(rule, shown);
}

function describe(shown: unknown): string {
  if (shown instanceof Error) return shown.stack ?? shown.message;
  return typeof shown === "string" ? shown : (JSON.stringify(shown) ?? String(shown));
}
