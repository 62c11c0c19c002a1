import { isRefusalReason, type Refusal, refusals, type Then, thenAfterClose } from "../../src/protocol/index.js";
import type { EndpointDoc, PagePlace } from "./api.js";

export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** A close, explained. */
export interface Ending {
  /** Like `1008 unauthorized`. */
  readonly label: string;
  readonly meaning: string;
  /** What our client would do then; undefined where it would have been told more. */
  readonly ourClient: string | undefined;
  /** Is there more to know, which a browser keeps from a page? */
  readonly isHidden: boolean;
  /** Of a refusal: what a plain client hears, where that is another thing. */
  readonly plain: string | undefined;
}

/** A credential that was tried, and where it can be given. */
export interface Tried {
  readonly speaks: "tidings.v1" | "plain";
  readonly token: string;
  readonly place: PagePlace | undefined;
  readonly refuse: EndpointDoc["refuse"];
  readonly credentials: EndpointDoc["credentials"];
}

export function endingOf(ended: Ended, wasOpen: boolean, tried: Tried): Ending {
  const { code, reason } = ended;
  const row: Refusal | undefined = isRefusalReason(reason) ? refusals[reason] : undefined;
  const isHidden = code === 1006 && !wasOpen && tried.speaks === "plain";
  return {
    label: labelOf(ended),
    meaning: isHidden ? HIDDEN : (row?.message ?? codeMeanings[code] ?? ownMeaning(code)),
    ourClient: isHidden ? undefined : thenWords[thenAfterClose(code, reason)],
    isHidden,
    plain: wasOpen || row?.http === undefined ? undefined : plainWords(ended, row.http, tried),
  };
}

function labelOf({ code, reason }: Ended): string {
  return `${code} ${reason}`.trim();
}

/** As PROTOCOL.md has it: by HTTP, unless the endpoint says otherwise, or its credential comes when it is connected. */
function plainWords(ended: Ended, http: number, { refuse, credentials, token, place }: Tried): string | undefined {
  const isOfCredential = ["unauthorized", "token_expired", "forbidden"].includes(ended.reason);
  const isAwaited = isOfCredential && credentials.some((each) => each.place === "message");
  if (refuse === "close" || (isAwaited && token !== "" && place === "message"))
    return `A plain client is connected, and closed with ${labelOf(ended)}.`;
  if (isAwaited && token === "") return "A plain client is connected, and has some seconds to say who it is.";
  return `A plain client is answered with HTTP ${http}.`;
}

const HIDDEN =
  "The server did not let it in, or can't be reached. A plain client is answered with HTTP, which a browser keeps from its pages.";

const thenWords: Readonly<Record<Then, string>> = {
  "stay-closed": "It stays closed: dialling again would end the same way.",
  "refresh-and-retry": "It fetches a fresh token and dials again.",
  retry: "It dials again, with back-off.",
  "retry-after-drain": "It dials again after the time that the server told it with drain.",
};

/** Of closes without a reason, or with one that is not the protocol's. */
const codeMeanings: Readonly<Record<number, string>> = {
  1000: "It was closed as it was meant to be.",
  1001: "The server is going away, or a page was left.",
  1002: "The protocol was broken.",
  1003: "This kind of frame is not taken here.",
  1005: "It was closed, and no code was given.",
  1006: "The connection was lost, or could not be made.",
  1007: "A text frame was not UTF-8.",
  1008: "Something is not allowed: the app's own reason says what.",
  1009: "A message was too big.",
  1011: "Something went wrong on the server.",
  1012: "The server restarts.",
  1013: "The server is full, or wants us later.",
};

function ownMeaning(code: number): string {
  return code >= 3_000 && code < 5_000 ? "This code is the app's own." : "Nobody has said what this code means.";
}
