/** A channel's state, and the offset of the last event that it holds. */
export class StateAt<State> {
  /** So that a state which happens to have an `offset` and a `state` is not taken for one. */
  readonly "~is" = "state-at" as const;
  readonly place: EventPlace;
  readonly state: State;

  constructor(place: EventPlace, state: State) {
    this.place = place;
    this.state = state;
  }
}

/** Where an event stands in the history of its channel: what `app.publish` resolves with. */
export interface EventPlace {
  /** Tells one life of the stream from another: offsets begin anew where it was lost. */
  readonly epoch: string;
  readonly offset: number;
}

/**
 * What a snapshot gives where it knows exactly up to which event its state goes, such as where each event's place is stored
 * together with what it changed. Where the place is one of a stream that was lost since, it counts as the state alone.
 *
 * @param place what `app.publish` resolved with, on a channel with history
 * @throws TypeError for what is no such place, such as an offset alone, or a database's text of one
 */
export function stateAt<State>(place: EventPlace, state: State): StateAt<State> {
  const { epoch, offset }: { readonly epoch?: unknown; readonly offset?: unknown } = place ?? {};
  if (typeof epoch === "string" && epoch !== "" && Number.isSafeInteger(offset) && Number(offset) >= 0) {
    return new StateAt(place, state);
  }
  throw new TypeError(
    "stateAt() takes the { epoch, offset } that app.publish() resolved with, on a channel with history.",
  );
}
