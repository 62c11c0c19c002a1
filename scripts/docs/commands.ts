import { spawnSync } from "node:child_process";

/** One command of a block, which may have several lines. */
export interface Command {
  readonly text: string;
  /** Of the page. */
  readonly line: number;
  /** What the lines below it, which begin with `# {`, `# [` or `# →`, say that it prints; `…` is anything. */
  readonly answer: string | undefined;
}

/**
 * The commands of a block, as a shell reads them.
 *
 * @param line of the page, where the code begins
 */
export function commandsIn(code: string, line: number): Command[] {
  const commands: { text: string; line: number; answer: string | undefined }[] = [];
  let open = "";
  for (const [index, text] of code.trimEnd().split("\n").entries()) {
    const last = commands.at(-1);
    const [, answer] = /^# (?:→ )?(.*)$/.exec(text) ?? [];
    if (open === "" && (text.trim() === "" || text.startsWith("#"))) {
      if (answer === undefined || last === undefined || !/^# [→{[]/.test(text)) continue;
      last.answer = last.answer === undefined ? answer : `${last.answer}\n${answer}`;
      continue;
    }
    if (open === "") commands.push({ text: "", line: line + index, answer: undefined });
    open = open === "" ? text : `${open}\n${text}`;
    const command = commands.at(-1);
    if (command !== undefined) command.text = open;
    if (isWhole(open)) open = "";
  }
  return commands;
}

/** Whether what was printed is what the page says. */
export function fits(printed: string, answer: string): boolean {
  const pattern = answer.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", "[\\s\\S]*?");
  return new RegExp(`^${pattern}$`).test(printed.trim());
}

/**
 * What a command says when it is ready, if it is one that goes on until it is ended; `undefined` for all others.
 */
export function readinessOf(text: string): RegExp | undefined {
  const typed = text.replaceAll(/(^|\s)#.*$/gm, "");
  return LASTING.find(({ command, except }) => command.test(typed) && except?.test(typed) !== true)?.isReady;
}

const LASTING: readonly { readonly command: RegExp; readonly except?: RegExp; readonly isReady: RegExp }[] = [
  { command: /\btidings serve\b/, except: /--(print-config|schema|help)\b/, isReady: /listens at/ },
  {
    command: /\btidings dev\b|\bnpm run dev\b/,
    except: /--help\b/,
    isReady: /listening on http|It is reloaded when|"event":"listening"/,
  },
  { command: /\btidings listen\b/, except: /--help\b/, isReady: /^Connected/m },
  { command: /\bnpm start\b|\bnode\b.*\b(main|server|app)\.m?[jt]s\b/, isReady: /https?:\/\/\S+/ },
  { command: /\buvicorn\b/, isReady: /Uvicorn running on/ },
  { command: /\bredis-server\b/, isReady: /Ready to accept connections/ },
];

/** Whether a shell would not wait for another line. */
function isWhole(text: string): boolean {
  if (/(^|[^\\])(\\\\)*\\$/.test(text)) return false;
  // An open quote is an error to it, an open here-document a warning.
  const { status, stderr } = spawnSync("bash", ["-n", "-c", text], { encoding: "utf8" });
  return status === 0 && stderr === "";
}
