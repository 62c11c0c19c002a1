import { type Signal, signal } from "@preact/signals";
import type { MessageDoc } from "./api.js";
import type { Heard } from "./channel-book.js";
import { blankDraft, type Draft, draftOf, parseJson, type Reading, readForm } from "./draft.js";
import type { Placed } from "./issue-place.js";
import type { Answer } from "./session.js";

/** What somebody is about to say: as a form or as JSON, and what came of it the last time. */
export class MessageState {
  readonly doc: MessageDoc;
  /** What it is sent as: where it may be any, as somebody writes. */
  readonly type: Signal<string>;
  readonly mode: Signal<"form" | "json">;
  readonly draft: Signal<Draft>;
  readonly text: Signal<string>;
  /** Why it can't be shown as a form, where it can't. */
  readonly whyJson: Signal<string | undefined>;
  readonly withId: Signal<boolean> = signal(true);
  readonly answer: Signal<Answer | "waiting" | "sent" | undefined> = signal(undefined);
  readonly placed: Signal<Placed> = signal(new Map());
  /** What had failed before it was sent: no answer to it. */
  looseBefore: Heard | undefined;

  constructor(doc: MessageDoc) {
    this.doc = doc;
    this.type = signal(doc.type);
    const { field, example } = doc;
    const shown = example === undefined ? undefined : draftOf(field, example);
    const draft = shown ?? blankDraft(field);
    this.draft = signal(draft);
    const blank = field.kind === "json" ? {} : valueIn(readForm(field, draft));
    this.text = signal(jsonText(example === undefined ? blank : example));
    const why = field.kind === "json" ? field.why : undefined;
    const doesExampleFit = example === undefined || shown !== undefined;
    this.whyJson = signal(why ?? (doesExampleFit ? undefined : NO_PLACE));
    this.mode = signal(this.whyJson.peek() === undefined ? "form" : "json");
  }

  /** Is there a form at all? */
  get hasForm(): boolean {
    return this.doc.field.kind !== "json";
  }

  /** What it says now, or why that is nothing. */
  reading(): Reading {
    if (this.mode.value === "form") return readForm(this.doc.field, this.draft.value);
    const { value, problem } = parseJson(this.text.value);
    return problem === undefined ? { value } : { problems: [{ path: [], message: problem }] };
  }

  showJson(): void {
    const reading = this.reading();
    if (reading.problems === undefined) this.text.value = jsonText(reading.value);
    this.mode.value = "json";
  }

  /** Where the form has a place for all that the JSON says; else it stays JSON, and tells why. */
  showForm(): void {
    const reading = this.reading();
    const draft = reading.problems === undefined ? draftOf(this.doc.field, reading.value) : undefined;
    this.whyJson.value = draft === undefined ? (reading.problems?.[0]?.message ?? NO_PLACE) : undefined;
    if (draft === undefined) return;
    this.draft.value = draft;
    this.mode.value = "form";
  }
}

const NO_PLACE = "The form has no place for all that stands here.";

function valueIn(reading: Reading): unknown {
  return reading.problems === undefined ? reading.value : {};
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "null";
}
