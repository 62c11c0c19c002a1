import { Origins } from "../../../src/connection/origins.js";
import { HandshakeRequest } from "../../../src/connection/request.js";
import { createVisit } from "../../../src/http/visit.js";
import { RecordingUpgrade } from "../../support/recording-upgrade.js";
import { hold, type Target } from "../target.js";

export const cookies: Target = {
  about: "the header Cookie, for a session and for a page's guard",
  words: [
    "session_id=",
    "session_id",
    "; ",
    ";",
    "=",
    '"',
    "%20",
    "%E2%82",
    "a=b",
    "__proto__=x",
    "session_id=a; ",
    ",",
  ],
  open: () => ({ read: (input) => readCookies(input.toString("latin1")) }),
};

function readCookies(text: string): void {
  const header = text.trim();
  // What `node:http` lets through (RFC 9110 §5.5).
  if (/[^\t\x20-\x7e\x80-\xff]/.test(header)) return;
  const upgrade = new RecordingUpgrade({ target: "/ws", headers: { cookie: header } });
  const request = new HandshakeRequest({ upgrade, params: {}, offered: [], origins: new Origins(undefined) });
  const found = request.tokenAt({ place: "cookie", cookie: "session_id" });
  hold(found === sessionIn(header), "the session is the first cookie of its name", { found, header });
  hold(!request.headers.has("cookie"), "the header itself is shown to nobody");
  const { cookies: shown } = request;
  hold(
    shown.hasOwnProperty === undefined || /hasOwnProperty/.test(header),
    "names of cookies are not those of objects",
  );
  hold(
    Object.values(shown).every((value) => typeof value === "string"),
    "values are texts",
    shown,
  );

  const asked = { target: "/docs", rawHeaders: ["Cookie", header], address: "127.0.0.1", isSecure: false };
  const { cookies: visited } = createVisit(asked, undefined);
  hold(JSON.stringify(visited) === JSON.stringify(shown), "a guard sees the same", { visited, shown });
}

/** The rule in other words (RFC 6265 §5.4 from the server's side): pairs with semicolons between, of equal names the first. */
function sessionIn(header: string): string | undefined {
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1 || trim(pair.slice(0, equals)) !== "session_id") continue;
    return decoded(trim(pair.slice(equals + 1))) || undefined;
  }
  return undefined;
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
