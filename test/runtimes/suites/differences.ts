import type { Runtime } from "./present-runtime.js";

interface Difference {
  readonly runtime: Runtime;
  /** Tests by their full names, all of which fail there. */
  readonly tests: readonly string[];
  readonly why: string;
}

const afterTaken = "what is to be done after the network has taken what was written";

/** Where a runtime does not do what Node does, and nothing in `src/` can make up for it (docs/how-to/runtimes.md). */
export const differences: readonly Difference[] = [
  {
    runtime: "deno",
    tests: [
      "waits for a peer that does not read",
      "is never done where the socket is terminated first",
      "is never done where the socket is closed by the peer first",
      "is never done where the socket loses its peer first",
      "is never done where the socket is closed, and the peer does not answer first",
    ].map((name) => `the transport over ws and TLS > ${afterTaken} > ${name}`),
    why: "A TLS socket that is paused goes on reading, without a bound: here the peer's, which should not read.",
  },
  {
    runtime: "deno",
    tests: [
      "a message that inflates past its size leaves no zlib stream behind",
      "one in pieces that do together leaves no zlib stream behind",
      "what can't be inflated leaves no zlib stream behind",
      "compressed text that is not UTF-8 leaves no zlib stream behind",
      "a compressed ping leaves no zlib stream behind",
      "a connection holds no zlib stream when its messages are inflated, and one for what came together",
      "a zlib stream that is closed is kept by nobody, though its connection stays",
      "what comes after we have closed is not inflated, and the peer's close frame is seen behind it",
      "a connection that negotiated compression and sends nothing compressed has no zlib stream at all",
    ],
    why: "The functions of node:zlib can't be replaced, so that nobody can count the streams that they make.",
  },
  {
    runtime: "bun",
    tests: ["a zlib stream that is closed is kept by nobody, though its connection stays"],
    why: "Its engine is not V8, whose collector a flag shows.",
  },
];
