/** A line of a README's `sh` block that calls `npx tidings`. */
export interface ReadmeCommand {
  /** Without `npx tidings`, as a shell splits them. */
  readonly words: readonly string[];
  /** What the line says that comes of it. */
  readonly comment: string;
}

/**
 * Those of a page, in their order. Others, such as `curl`, are left out.
 *
 * @param tokenOf what `$(npx tidings token ana)` stands for
 */
export function readmeCommands(page: string, tokenOf: (user: string) => string): readonly ReadmeCommand[] {
  const blocks = Array.from(page.matchAll(/^```sh\n(.*?)^```/gms), ([, block = ""]) => block.trimEnd());
  const lines = blocks.flatMap((block) => block.split("\n")).flatMap(unrolled);
  return lines.flatMap((line) => {
    const [, typed = "", comment = ""] = /^npx tidings (.*?)(?:\s{2,}# (.*))?$/.exec(line) ?? [];
    if (typed === "") return [];
    return [{ words: split(typed.replaceAll(/\$\(npx tidings token (\w+)\)/g, (_, user) => tokenOf(user))), comment }];
  });
}

/** `for n in 1 2; do it; done` is the same line twice. */
function unrolled(line: string): readonly string[] {
  const [, rounds, body] = /^for \w+ in ([\w ]+); do (.*); done$/.exec(line) ?? [];
  return rounds === undefined || body === undefined ? [line] : rounds.split(" ").map(() => body);
}

/** Into words: quoted parts beside each other are one. */
function split(typed: string): readonly string[] {
  const words = typed.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single = "", double = "") => single + double));
}
