import { ConfigError } from "../../index.js";
import type { Terminal } from "../terminal.js";
import { visibleText } from "../visible-text.js";

/** Of what comes from stdin: more than a server takes by any default. */
const LONGEST_BYTES = 16 * 1_024 * 1_024;

/**
 * A payload as it was given: JSON, `-` for what stdin has, or none.
 *
 * @throws {ConfigError} `invalid_payload_json`, `payload_too_long`
 */
export async function readPayload(terminal: Terminal, given: string | undefined): Promise<unknown> {
  if (given === undefined) return undefined;
  return parsePayload(await readText(terminal, given));
}

/** A text as it was given, or, for `-`, what stdin has. */
export async function readText(terminal: Terminal, given: string): Promise<string> {
  if (given !== "-") return given;
  if (terminal.stdin.isTTY) terminal.note("Reading from the keyboard. Ctrl-D ends it.");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of terminal.stdin) {
    const read = Buffer.from(chunk as Uint8Array); // or a string, which it takes as well
    bytes += read.byteLength;
    if (bytes > LONGEST_BYTES) throw tooLong();
    chunks.push(read);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws {ConfigError} `invalid_payload_json` */
function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError("invalid_payload_json", {
      message: `The payload is not JSON: ${visibleText((cause as Error).message)}.`, // a SyntaxError
      fix: adviceFor(text.trim()),
      cause,
    });
  }
}

/** What goes wrong on the way through a shell is one of three things. */
function adviceFor(text: string): string {
  if (text === "") return 'It is empty. Leave it out where there is none, or give it like \'{"text":"hi"}\'.';
  const isWord = /^[\p{L}_][^{}[\]"]*$/u.test(text) && text.length <= 60;
  if (isWord) return `A text has quotes of its own within those of the shell: '${visibleText(JSON.stringify(text))}'.`;
  if (text.startsWith("'")) return 'This shell keeps single quotes: give it like "{\\"text\\":\\"hi\\"}".';
  if (!text.includes('"'))
    return 'The shell has taken its quotes: put all of it in single ones, like \'{"text":"hi"}\'.';
  return 'Put all of it in single quotes, like \'{"text":"hi"}\', or give - and write it to stdin.';
}

function tooLong(): ConfigError {
  return new ConfigError("payload_too_long", {
    message: `What comes from stdin is longer than ${LONGEST_BYTES / 1_024 / 1_024} MiB.`,
    fix: "Send it in parts, or by another way than a message.",
  });
}
