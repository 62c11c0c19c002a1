import type { Failure } from "../terminal.js";

/** What the process that runs the app says to `tidings dev`. */
export type ChildSays =
  /** It is loaded, and would begin now. */
  | { readonly is: "waiting" }
  /** The app runs, and goes on from what was left. */
  | { readonly is: "running" }
  | { readonly is: "listening"; readonly url?: string | undefined; readonly pages?: string | undefined }
  | { readonly is: "failed"; readonly failure: Failure }
  /** It ends now, and this is what the next one is to go on with: one for each app that it ran. */
  | { readonly is: "left"; readonly states: States };

/** What `tidings dev` says to it. */
export type ParentSays =
  /** Nobody else serves any more. */
  { readonly is: "turn"; readonly states: States; readonly agoMs: number } | { readonly is: "leave" };

/** In the order in which a process starts its apps; JSON has no undefined in a list. */
export type States = readonly unknown[];

/** What the process is to run, as its one argument has it. */
export interface ChildTask {
  readonly file: string;
  readonly port: number;
  readonly host: string;
  readonly isJson: boolean;
}
