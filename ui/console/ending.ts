import { isRefusalReason, type Refusal, refusals, type Then, thenAfterClose } from "../../src/protocol/index.js";

export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** A close, explained. */
export interface Ending {
  /** Like `1008 unauthorized`. */
  readonly label: string;
  readonly meaning: string;
  /** What our client would do then. */
  readonly ourClient: string;
  /** Is there more to know, which a browser keeps from a page? */
  readonly isHidden: boolean;
  /** The status that a plain client is answered with, where the reason has one. */
  readonly http: number | undefined;
}

export function endingOf({ code, reason }: Ended, wasOpen: boolean, speaks: "tidings.v1" | "plain"): Ending {
  const row: Refusal | undefined = isRefusalReason(reason) ? refusals[reason] : undefined;
  const isHidden = code === 1006 && !wasOpen && speaks === "plain";
  return {
    label: `${code} ${reason}`.trim(),
    meaning: isHidden ? HIDDEN : (row?.message ?? codeMeanings[code] ?? ownMeaning(code)),
    ourClient: thenWords[thenAfterClose(code, reason)],
    isHidden,
    http: row?.http,
  };
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
