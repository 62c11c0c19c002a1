import { createDecoder, readVarUint, readVarUint8Array } from "lib0/decoding";
import { createEncoder, type Encoder, toUint8Array, writeVarUint, writeVarUint8Array } from "lib0/encoding";
import {
  messageYjsSyncStep1,
  messageYjsSyncStep2,
  messageYjsUpdate,
  writeSyncStep1,
  writeSyncStep2,
  writeUpdate,
} from "y-protocols/sync";
import type { Doc } from "yjs";

/** Frames as y-websocket has them: a number, then what that stands for. */
const SYNC = 0;
const PEOPLE = 1;
/** Ours, for who asks for it: how many of a connection's updates are on the disk. */
export const SAVED = 100;

/** What a page may say. */
export type Said =
  /** What it has of the document: it wants the rest. */
  | { readonly kind: "has"; readonly stateVector: Uint8Array }
  | { readonly kind: "update"; readonly update: Uint8Array }
  | { readonly kind: "people"; readonly update: Uint8Array };

/** @throws where it is none of that */
export function readFrame(frame: Uint8Array): Said {
  const decoder = createDecoder(frame);
  const kind = readVarUint(decoder);
  if (kind === PEOPLE) return { kind: "people", update: readVarUint8Array(decoder) };
  if (kind !== SYNC) throw new RangeError(`No kind of frame: ${kind}`);
  const step = readVarUint(decoder);
  const bytes = readVarUint8Array(decoder);
  if (step === messageYjsSyncStep1) return { kind: "has", stateVector: bytes };
  if (step === messageYjsSyncStep2 || step === messageYjsUpdate) return { kind: "update", update: bytes };
  throw new RangeError(`No step: ${step}`);
}

/** What somebody lacks who has this much. @throws where `stateVector` is none */
export function missingFrame(doc: Doc, stateVector: Uint8Array): Uint8Array {
  return frame(SYNC, (encoder) => writeSyncStep2(encoder, doc, stateVector));
}

/** Asks for what this document lacks. */
export function askFrame(doc: Doc): Uint8Array {
  return frame(SYNC, (encoder) => writeSyncStep1(encoder, doc));
}

export function updateFrame(update: Uint8Array): Uint8Array {
  return frame(SYNC, (encoder) => writeUpdate(encoder, update));
}

export function peopleFrame(update: Uint8Array): Uint8Array {
  return frame(PEOPLE, (encoder) => writeVarUint8Array(encoder, update));
}

export function savedFrame(updates: number): Uint8Array {
  return frame(SAVED, (encoder) => writeVarUint(encoder, updates));
}

function frame(kind: number, write: (encoder: Encoder) => void): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, kind);
  write(encoder);
  return toUint8Array(encoder);
}
