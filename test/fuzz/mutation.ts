import type { Random } from "../../src/testing/random.js";
import { mutateJson } from "./json-mutation.js";

/** What an input may become, and what it is made of. */
export interface Soil {
  readonly random: Random;
  readonly words: readonly string[];
  /** Another input, for a part of it. */
  readonly other: Buffer;
}

/** Another input like this one: one change or a few, at most so many bytes. */
export function mutate(input: Buffer, soil: Soil, maxBytes: number): Buffer {
  let mutated = input;
  for (let left = 1 + soil.random.below(4); left > 0; left -= 1) {
    mutated = soil.random.pick(CHANGES)(mutated, soil);
  }
  return mutated.subarray(0, maxBytes);
}

type Change = (input: Buffer, soil: Soil) => Buffer;

const CHANGES: readonly Change[] = [
  flipBit,
  setByte,
  removePart,
  repeatPart,
  insertWord,
  insertWord,
  overwriteWithWord,
  insertOther,
  goOnAsOther,
  changeLines,
  changeJson,
  changeJson,
  changeJson,
  changeNumber,
];

function flipBit(input: Buffer, { random }: Soil): Buffer {
  const copy = Buffer.from(input);
  const index = random.below(copy.length);
  if (copy.length > 0) copy[index] = (copy[index] ?? 0) ^ (1 << random.below(8));
  return copy;
}

function setByte(input: Buffer, { random }: Soil): Buffer {
  const copy = Buffer.from(input);
  if (copy.length > 0) copy[random.below(copy.length)] = random.pick([...BYTES]);
  return copy;
}

/** What ends something somewhere: lines, texts, headers, UTF-8. */
const BYTES = Buffer.from('\0\t\n\r "%&+,-./:;=?@[\\]{}\x7f\x80\xc0\xff', "latin1");

function removePart(input: Buffer, { random }: Soil): Buffer {
  const [from, to] = partOf(input, random);
  return Buffer.concat([input.subarray(0, from), input.subarray(to)]);
}

function repeatPart(input: Buffer, { random }: Soil): Buffer {
  const [from, to] = partOf(input, random);
  const times = 1 + random.below(random.below(8) === 0 ? 200 : 3);
  return Buffer.concat([
    input.subarray(0, to),
    ...Array.from({ length: times }, () => input.subarray(from, to)),
    input.subarray(to),
  ]);
}

function insertWord(input: Buffer, { random, words }: Soil): Buffer {
  const at = random.below(input.length + 1);
  return Buffer.concat([input.subarray(0, at), wordOf(random, words), input.subarray(at)]);
}

function overwriteWithWord(input: Buffer, { random, words }: Soil): Buffer {
  const [from, to] = partOf(input, random);
  return Buffer.concat([input.subarray(0, from), wordOf(random, words), input.subarray(to)]);
}

function insertOther(input: Buffer, { random, other }: Soil): Buffer {
  const at = random.below(input.length + 1);
  const [from, to] = partOf(other, random);
  return Buffer.concat([input.subarray(0, at), other.subarray(from, to), input.subarray(at)]);
}

function goOnAsOther(input: Buffer, { random, other }: Soil): Buffer {
  return Buffer.concat([input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length))]);
}

/** A whole line goes, comes twice, or comes elsewhere. */
function changeLines(input: Buffer, { random, other }: Soil): Buffer {
  const lines = input.toString("latin1").split("\n");
  const line = random.pick(random.below(2) === 0 ? lines : other.toString("latin1").split("\n"));
  lines.splice(random.below(lines.length + 1), random.below(2), line);
  return Buffer.from(lines.join("\n"), "latin1");
}

/** One line that is JSON, or all of it, is changed as a tree. */
function changeJson(input: Buffer, soil: Soil): Buffer {
  const text = input.toString();
  const whole = mutateJson(text, soil);
  if (whole !== undefined) return Buffer.from(whole);
  const lines = text.split("\n");
  const index = soil.random.below(lines.length);
  const changed = mutateJson(lines[index] ?? "", soil);
  if (changed === undefined) return insertWord(input, soil);
  return Buffer.from(lines.with(index, changed).join("\n"));
}

function changeNumber(input: Buffer, { random }: Soil): Buffer {
  const text = input.toString("latin1");
  const numbers = [...text.matchAll(/-?\d+/g)];
  if (numbers.length === 0) return input;
  const { index, 0: number } = random.pick(numbers);
  return Buffer.from(text.slice(0, index) + random.pick(NUMBERS) + text.slice(index + number.length), "latin1");
}

const NUMBERS = ["0", "-0", "-1", "1", "64", "65", "127", "128", "255", "256", "1e999", "1.5", "4294967296"];
NUMBERS.push("9007199254740991", "9007199254740993", "-9007199254740991", "99999999999999999999", "00", "1e-7");

/** Short ones more often than long ones. */
function partOf(input: Buffer, random: Random): readonly [from: number, to: number] {
  const from = random.below(input.length + 1);
  const most = random.below(4) === 0 ? input.length : 8;
  return [from, Math.min(input.length, from + random.below(most + 1))];
}

function wordOf(random: Random, words: readonly string[]): Buffer {
  return Buffer.from(random.pick(random.below(6) === 0 ? STRANGE : words));
}

/** What means something to a language below all targets. */
const STRANGE = ["__proto__", "constructor", "prototype", "toString", "\u0000", "\ufeff", "\u2028", "é", "💥", "\r\n"];
STRANGE.push("%00", "%2e%2e%2f", "%ff", "%", "\\u0000", "\\ud800", "{{7*7}}", "[[[[[[[[", "\x1b[31m", "NaN");
