import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { durationText } from "../shared/quantity.js";
import { nowMs } from "../shared/time.js";
import { cookieOf, type EndpointDoc, type ParamDoc, pagePlacesOf } from "./api.js";
import { type Desk, type EntryState, readEntry } from "./desk.js";
import { type Entry, paramProblem, pathOf, placesFor } from "./dial.js";
import { FieldInput } from "./field-input.js";
import { Outcome } from "./outcome.js";
import { keptToken } from "./token-shelf.js";

/** All that it takes to connect to an endpoint, and what became of it. */
export function ConnectForm({ desk, endpoint }: { readonly desk: Desk; readonly endpoint: EndpointDoc }): JSX.Element {
  const form = useId();
  const state = desk.entryOf(endpoint);
  const params = state.params.value;
  const isReady = endpoint.params.every(({ name }) => paramProblem(params[name] ?? "") === undefined);
  const connect = () => desk.connect(endpoint, readEntry(endpoint, state));
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) connect();
      }}
    >
      <p class="address code">
        {state.server.value}
        {pathOf(endpoint.path, params)}
      </p>
      <div class="pair">
        {endpoint.params.map((param) => (
          <ParamInput
            key={param.name}
            param={param}
            id={`${form}-${param.name}`}
            value={params[param.name] ?? ""}
            onChange={(value) => {
              state.params.value = { ...params, [param.name]: value };
            }}
          />
        ))}
        <QueryInputs endpoint={endpoint} state={state} form={form} />
      </div>
      <CredentialInput desk={desk} endpoint={endpoint} state={state} form={form} />
      <details>
        <summary>How it connects</summary>
        <SpeaksInput desk={desk} endpoint={endpoint} state={state} form={form} />
      </details>
      <div class="row">
        <button type="submit" disabled={!isReady}>
          Connect
        </button>
        <small>{state.speaks.value === "plain" ? "as a plain client" : "as tidings.v1"}</small>
      </div>
      <Outcome desk={desk} endpoint={endpoint} />
    </form>
  );
}

interface ParamProps {
  readonly param: ParamDoc;
  readonly id: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A param of a path, or of a channel's name: always a text. */
export function ParamInput({ param: { name, description, choices }, id, value, onChange }: ParamProps): JSX.Element {
  const problem = paramProblem(value);
  const shared = { id, value, "aria-describedby": `${id}-hint`, "aria-invalid": problem !== undefined };
  return (
    <div class="field">
      <label for={id}>{name}</label>
      {choices === undefined ? (
        <input {...shared} autocomplete="off" onInput={({ currentTarget }) => onChange(currentTarget.value)} />
      ) : (
        <select {...shared} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      )}
      <small id={`${id}-hint`} class={problem === undefined ? "" : "problem"}>
        {problem ?? description ?? ""}
      </small>
    </div>
  );
}

interface PartProps {
  readonly endpoint: EndpointDoc;
  readonly state: EntryState;
  readonly form: string;
}

function QueryInputs({ endpoint, state, form }: PartProps): JSX.Element {
  const query = state.query.value;
  return (
    <>
      {endpoint.query.map(({ name, field, isRequired }) => {
        const given = query[name];
        if (given === undefined) return null;
        const change = (isGiven: boolean, draft = given.draft) => {
          state.query.value = { ...query, [name]: { isGiven, draft } };
        };
        const tick = isRequired ? undefined : (
          <input
            type="checkbox"
            aria-label={`Give ${name}`}
            checked={given.isGiven}
            onChange={({ currentTarget }) => change(currentTarget.checked)}
          />
        );
        if (!given.isGiven && !isRequired) {
          return (
            <span key={name} class="label row">
              {tick} ?{name} <small>left out</small>
            </span>
          );
        }
        return (
          <FieldInput
            key={name}
            field={field}
            draft={given.draft}
            onChange={(draft) => change(true, draft)}
            path={["query", name]}
            form={form}
            name={`?${name}`}
            placed={nothingPlaced}
            beside={tick}
          />
        );
      })}
    </>
  );
}

const nothingPlaced: ReadonlyMap<string, readonly string[]> = new Map();

/** A token where a page can give one, and a word about what it can't. */
function CredentialInput({ desk, endpoint, state, form }: PartProps & { readonly desk: Desk }): JSX.Element {
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

function SpeaksInput({ desk, endpoint, state, form }: PartProps & { readonly desk: Desk }): JSX.Element {
  const places = placesFor(pagePlacesOf(endpoint), {
    speaks: state.speaks.value,
    subprotocol: state.subprotocol.value,
  });
  const speak = (speaks: Entry["speaks"]) => {
    state.speaks.value = speaks;
  };
  return (
    <div class="stack details">
      <fieldset class="choice">
        <legend class="unseen">Speaks as</legend>
        {(["tidings.v1", "plain"] as const).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={`${form}-speaks`}
              checked={state.speaks.value === each}
              onChange={() => speak(each)}
            />
            <span>{each === "plain" ? "A plain client" : "tidings.v1"}</span>
          </label>
        ))}
      </fieldset>
      <p class="quiet">
        {state.speaks.value === "plain"
          ? "As any WebSocket client speaks. It hears nothing of a handshake that was refused but 1006."
          : "The subprotocol of our client: a refusal tells its reason, and a heartbeat is a message."}
      </p>
      <div class="pair">
        {places.length > 0 && (
          <Select
            id={`${form}-place`}
            label="The token goes"
            options={places.map((place) => [place, placeWords[place]])}
            value={state.place.value ?? ""}
            onChange={(value) => {
              state.place.value = places.find((place) => place === value);
            }}
          />
        )}
        {endpoint.subprotocols.length > 0 && (
          <Select
            id={`${form}-subprotocol`}
            label="Its own subprotocol"
            options={[["", "None"], ...endpoint.subprotocols.map((each) => [each, each] as const)]}
            value={state.subprotocol.value ?? ""}
            onChange={(value) => {
              state.subprotocol.value = value === "" ? undefined : value;
            }}
          />
        )}
        {desk.servers.length > 1 && (
          <Select
            id={`${form}-server`}
            label="Server"
            options={desk.servers.map((each) => [each, each])}
            value={state.server.value}
            onChange={(value) => {
              state.server.value = value;
            }}
          />
        )}
      </div>
    </div>
  );
}

const placeWords = {
  subprotocol: "beside the subprotocol",
  message: "in the first message",
  query: "in the address (?token=)",
} as const;

interface SelectProps {
  readonly id: string;
  readonly label: string;
  /** Value, and what it is called. */
  readonly options: readonly (readonly [string, string])[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Select({ id, label, options, value, onChange }: SelectProps): JSX.Element {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
