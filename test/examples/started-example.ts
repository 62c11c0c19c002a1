import { Program } from "../support/child-process.js";

/** An example in a process of its own, started as its README says. Disposing of it stops it, which it must do with 0. */
export interface StartedExample extends AsyncDisposable {
  readonly program: Program;
  /** Such as `http://127.0.0.1:49152`. */
  readonly url: string;
}

/** @param env its port among them, where it is not to be a free one */
export async function startExample(name: string, env: Readonly<Record<string, string>> = {}): Promise<StartedExample> {
  const program = new Program(`examples/${name}/main.ts`, { PORT: "0", ...env });
  const line = await program.line(/^listening on /);
  return {
    program,
    url: line.slice("listening on ".length),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
