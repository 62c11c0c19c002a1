import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { EndpointDoc } from "./api.js";
import { CredentialInput } from "./credential-input.js";
import { type Desk, type EntryState, readEntry } from "./desk.js";
import { dialOf, paramProblem } from "./dial.js";
import { FieldInput } from "./field-input.js";
import { Outcome } from "./outcome.js";
import { ParamInput } from "./param-input.js";
import { SpeaksInput } from "./speaks-input.js";

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
      <p class="address code">{dialOf(endpoint, readEntry(endpoint, state)).shownUrl}</p>
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

interface QueryProps {
  readonly endpoint: EndpointDoc;
  readonly state: EntryState;
  readonly form: string;
}

function QueryInputs({ endpoint, state, form }: QueryProps): JSX.Element {
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
