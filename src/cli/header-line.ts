import { ConfigError } from "../base/config-error.js";

/**
 * What `--header` is given, as its name and its value.
 *
 * @throws ConfigError `invalid_header`
 */
export function readHeader(line: string): readonly [name: string, value: string] {
  const end = line.indexOf(":");
  const [name, value] = [line.slice(0, Math.max(end, 0)), line.slice(end + 1).replace(/^[ \t]+/, "")];
  if (NAME.test(name) && VALUE.test(value)) return [name, value];
  throw new ConfigError("invalid_header", {
    // Without the line itself: it may hold a token.
    message: "A --header is not a name, a colon and a value.",
    fix: "Give it like --header 'Origin: https://app.example'.",
  });
}

/** RFC 9110 §5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** A byte of its own each: more a header can't hold (RFC 9110 §5.5). */
const VALUE = /^[ -~\u00a0-\u00ff]*$/;
