import type { JSX } from "preact";
import type { Line } from "./line.js";
import { hrefOf, type Route } from "./route.js";

/** Is it of that process? Where none is meant, all are. */
export function isOf(process: string | undefined): (answer: { readonly process: string }) => boolean {
  return (answer) => process === undefined || answer.process === process;
}

interface OneProcessProps {
  readonly line: Line;
  readonly process: string | undefined;
  /** The same place, of all processes. */
  readonly all: Route;
}

/** Which process a list is of, where it is of one alone, and the way to all. */
export function OneProcess({ line, process, all }: OneProcessProps): JSX.Element | null {
  if (process === undefined) return null;
  return (
    <p>
      Of <strong>{line.book.nameOf(process) ?? process}</strong> alone. <a href={hrefOf(all)}>Of all processes</a>
    </p>
  );
}
