import type { JSX } from "preact";
import { Choice } from "../shared/choice.js";
import { Select } from "../shared/select.js";
import { type EndpointDoc, pagePlacesOf } from "./api.js";
import { type Desk, type EntryState, readEntry } from "./desk.js";
import { type Entry, placesFor } from "./dial.js";

interface SpeaksProps {
  readonly desk: Desk;
  readonly endpoint: EndpointDoc;
  readonly state: EntryState;
  /** What its ids begin with. */
  readonly form: string;
}

/** How it connects: as whom, with the token where, and to which server. */
export function SpeaksInput({ desk, endpoint, state, form }: SpeaksProps): JSX.Element {
  return (
    <div class="stack details">
      <Choice
        legend="Speaks as"
        options={languages}
        value={state.speaks.value}
        onChange={(speaks) => {
          state.speaks.value = speaks;
        }}
      />
      <p class="quiet">
        {state.speaks.value === "plain"
          ? "As any WebSocket client speaks. It hears nothing of a handshake that was refused but 1006."
          : "The subprotocol of our client: a refusal tells its reason, and a heartbeat is a message."}
      </p>
      <PlaceInputs desk={desk} endpoint={endpoint} state={state} form={form} />
    </div>
  );
}

const languages: readonly (readonly [Entry["speaks"], string])[] = [
  ["tidings.v1", "tidings.v1"],
  ["plain", "A plain client"],
];

function PlaceInputs({ desk, endpoint, state, form }: SpeaksProps): JSX.Element {
  const speaks = { speaks: state.speaks.value, subprotocol: state.subprotocol.value };
  const places = placesFor(pagePlacesOf(endpoint), speaks);
  return (
    <div class="pair">
      {places.length > 0 && (
        <Select
          id={`${form}-place`}
          label="The token goes"
          options={places.map((place) => [place, placeWords[place]])}
          value={readEntry(endpoint, state).place ?? ""}
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
  );
}

const placeWords = {
  subprotocol: "beside the subprotocol",
  message: "in the first message",
  query: "in the address (?token=)",
} as const;
