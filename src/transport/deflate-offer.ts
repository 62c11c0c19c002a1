/**
 * The answer to a client's `Sec-WebSocket-Extensions`: the first offer of `permessage-deflate` that can be taken (RFC 7692
 * §7.1). Undefined where there is none.
 *
 * Neither side keeps a context from message to message, so that one frame can be deflated once and sent to many, and an
 * idle connection costs no memory. For the same reason the server's window is not made smaller. An offer that asks for
 * it, or is malformed, is passed over.
 */
export function answerDeflateOffer(header: string | undefined): string | undefined {
  for (const offer of splitOutsideQuotes(header ?? "", ",")) {
    const [name, ...params] = splitOutsideQuotes(offer, ";");
    if (name !== "permessage-deflate") continue;
    const names = params.map(acceptableName);
    if (names.includes(undefined) || new Set(names).size < names.length) continue;
    // Who asks for a window must be told which (RFC 7692 §7.1.2.1), were it the largest there is.
    return names.includes("server_max_window_bits") ? `${ANSWER}; server_max_window_bits=15` : ANSWER;
  }
  return undefined;
}

const ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/** What may stand behind a param's name. A client's own window is its business: whatever it is, we can inflate it. */
const ACCEPTABLE_VALUES: Readonly<Record<string, RegExp>> = {
  server_no_context_takeover: /^$/,
  client_no_context_takeover: /^$/,
  server_max_window_bits: /^=(?:15|"15")$/,
  client_max_window_bits: /^(?:=(?:[89]|1[0-5])|="(?:[89]|1[0-5])")?$/,
};

function acceptableName(param: string): string | undefined {
  const [, name = "", value = ""] = /^(\w+)(\W.*)?$/.exec(param) ?? [];
  const isAcceptable = Object.hasOwn(ACCEPTABLE_VALUES, name) && ACCEPTABLE_VALUES[name]?.test(value);
  return isAcceptable ? name : undefined;
}

/** The trimmed parts of a list. A quoted value may hold the separator (RFC 6455 §9.1). */
function splitOutsideQuotes(list: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < list.length; at += 1) {
    const character = list[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (character === "\\" && isQuoted) at += 1;
    else if (character === separator && !isQuoted) {
      parts.push(list.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(list.slice(start).trim());
  return parts;
}
