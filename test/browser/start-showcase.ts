import { Program } from "../support/child-process.js";

/** The showcase on a port of its own. Disposing of it stops it. */
export interface Showcase extends AsyncDisposable {
  readonly program: Program;
  /** Such as `http://127.0.0.1:49152`. */
  readonly url: string;
  /** The links to the page that it printed, by the name before them. */
  readonly links: Readonly<Record<string, string>>;
}

export async function startShowcase(env: Readonly<Record<string, string>> = {}): Promise<Showcase> {
  const program = runShowcase(env);
  const ready = await program.line(/^listening on /);
  const links = program.stdout.map((line) => /^(\w+): (http:\S+)$/.exec(line)).filter((found) => found !== null);
  return {
    program,
    url: ready.slice("listening on ".length),
    links: Object.fromEntries(links.map(([, name, link]) => [name, link])),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** The showcase, whatever becomes of it. */
export function runShowcase(env: Readonly<Record<string, string>>): Program {
  return new Program("examples/showcase/main.ts", { PORT: "0", ...env });
}

/** The token that a link carries. */
export function tokenOf(link: string | undefined): string {
  return new URLSearchParams(new URL(link ?? "").hash.slice(1)).get("token") ?? "";
}
