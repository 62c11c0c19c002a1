import type { JSX } from "preact";
import { durationText } from "../shared/quantity.js";
import { nowMs } from "../shared/time.js";
import { cookieOf, type EndpointDoc, pagePlacesOf } from "./api.js";
import type { Desk, EntryState } from "./desk.js";
import { keptToken } from "./token-shelf.js";

interface CredentialProps {
  readonly desk: Desk;
  readonly endpoint: EndpointDoc;
  readonly state: EntryState;
  /** What its ids begin with. */
  readonly form: string;
}

/** A token where a page can give one, and a word about what it can't. */
export function CredentialInput({ desk, endpoint, state, form }: CredentialProps): JSX.Element {
  const places = pagePlacesOf(endpoint);
  const cookie = cookieOf(endpoint);
  if (endpoint.isOpenToAll) return <p class="quiet">It asks nobody who they are.</p>;
  return (
    <>
      {places.length > 0 && <TokenInput desk={desk} state={state} id={`${form}-token`} />}
      {cookie !== undefined && <p class="quiet">{cookieWords(cookie, places.length > 0)}</p>}
      {endpoint.isOutOfReach && (
        <p class="problem">
          Its credential goes into a header, and a browser lets a page send none. A program can: copy the Python
          snippet.
        </p>
      )}
    </>
  );
}

interface TokenProps {
  readonly desk: Desk;
  readonly state: EntryState;
  readonly id: string;
}

function TokenInput({ desk, state, id }: TokenProps): JSX.Element {
  const token = state.token.value.trim();
  const kept = desk.shelf.tokens.value ?? [];
  return (
    <div class="field">
      <label for={id}>Token</label>
      <input
        id={id}
        type="password"
        autocomplete="off"
        spellcheck={false}
        placeholder="None"
        aria-describedby={`${id}-hint`}
        value={state.token.value}
        onInput={({ currentTarget }) => {
          state.token.value = currentTarget.value;
        }}
      />
      <div class="row">
        {kept.map((each) => (
          <button
            key={each.token}
            type="button"
            class="quiet small"
            aria-pressed={each.token === token}
            onClick={() => {
              state.token.value = each.token;
            }}
          >
            {each.name}
          </button>
        ))}
        <small id={`${id}-hint`}>{tokenWords(token)} It is kept for this tab alone.</small>
      </div>
    </div>
  );
}

function tokenWords(token: string): string {
  if (token === "") return "";
  const { expiresAtMs, name } = keptToken(token);
  if (expiresAtMs === undefined) return "";
  const leftMs = expiresAtMs - nowMs.value;
  return leftMs > 0 ? `Of ${name}, for ${durationText(leftMs)} more.` : `Of ${name}, and expired.`;
}

function cookieWords(name: string, isToken: boolean): string {
  const isSeen = document.cookie.split(";").some((pair) => pair.trim().startsWith(`${name}=`));
  const lead = isToken ? `Or the cookie ${name}: ` : `It asks for the cookie ${name}: `;
  return isSeen
    ? `${lead}this browser has it, and sends it by itself.`
    : `${lead}a browser that has it sends it by itself. This page sees none, nor would it see one that is HttpOnly.`;
}
