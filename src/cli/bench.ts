import { checkDescriptors } from "./bench/descriptors.js";
import { load, type Watch } from "./bench/load.js";
import { type BenchOptions, type Plan, readPlan } from "./bench/plan.js";
import { BUSY, msText, type Report, reportOf, reportText } from "./bench/report.js";
import { findTarget } from "./bench/target.js";
import type { CommandShape } from "./command.js";
import { exitCodes } from "./exit-code.js";
import { readAddress } from "./talk/address.js";
import type { Terminal } from "./terminal.js";

/** Loads a server. */
export const benchCommand: CommandShape<BenchOptions> = {
  usage: "bench <url>",
  summary: "load any WebSocket server, and show how long it takes to answer",
  examples: [
    ["tidings bench ws://127.0.0.1:8000/ws", "ping frames, which every WebSocket server answers"],
    ["tidings bench /ws --connections 1000 --ramp 200/1s", "a thousand connections, opened in five seconds"],
    [
      'tidings bench /ws/chat --type say --payload \'{"text":"hi"}\' --as user-{n}',
      "messages of your app, each connection a user of its own",
    ],
    ["tidings bench localhost:9001 --raw --size 1kb --rate 100/1s", "a server that says back what it hears"],
  ],
  options(command) {
    command
      .option("-c, --connections <count>", "connections", "100")
      .option("--ramp <rate>", "how fast they are opened", "100/1s")
      .option("-r, --rate <rate>", "messages of each connection", "5/1s")
      .option("-d, --duration <duration>", "how long, from when all are open", "10s")
      .option("-t, --type <type>", "says messages of this type, each with an id, and waits for its answer")
      .option("-p, --payload <json>", "of these messages")
      .option("-m, --message <text>", "says this text; JSON with a `type` gets an id, as --type does")
      .option("-s, --size <size>", "says texts of so many bytes")
      .option("--raw", "takes the nth message that comes for the answer to the nth that was said")
      .option("--no-answers", "waits for none")
      .option("--first <text>", "said by each connection when it opens, {token} is its token (may be repeated)", more)
      .option("--subscribe <channel>", "each connection subscribes to it (may be repeated)", more)
      .option("--token <token>", "sent as `Authorization: Bearer …` (or TIDINGS_TOKEN in the environment)")
      .option("--tokens <file>", "the same, with a token in each line, which the connections take in turns")
      .option(
        "--as <user>",
        "the same, such as `tidings token <user>` makes; with {n} in it, for each connection its own",
      )
      .option("--claims <json>", "with --as: more claims of these tokens, as a JSON object")
      .option(
        "-H, --header <header>",
        'of the handshake, such as "Origin: https://app.example" (may be repeated)',
        more,
      )
      .option("--subprotocol <name>", "offered in the handshake (may be repeated)", more)
      .option("--host-is-mine <host>", "loads a server that is not on this computer: its name again")
      .option("--max-errors <count>", "ends with 1 where there are more", "0");
  },
  async run({ terminal, args, options }) {
    const plan = await readPlan(options, terminal.env);
    const target = await findTarget(readAddress(args[0] ?? "", terminal.env), options.hostIsMine);
    checkDescriptors(plan.connections);
    const seenEnough = new AbortController();
    const interrupt = () => seenEnough.abort();
    process.once("SIGINT", interrupt);
    try {
      const loaded = await load(target, plan, { signal: seenEnough.signal, onProgress: progressOn(terminal, plan) });
      const report = reportOf(target, plan, loaded, !seenEnough.signal.aborted);
      terminal.result(report, reportText(report, plan));
      for (const advice of adviceOn(report)) terminal.note(advice);
      return report.errors > plan.maxErrors || report.connections.opened === 0 ? exitCodes.failed : exitCodes.done;
    } finally {
      process.off("SIGINT", interrupt);
    }
  },
};

function more(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** A line that lives, four times a second. */
function progressOn(terminal: Terminal, { connections, durationMs }: Plan): Watch["onProgress"] {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (phase, elapsedMs, tally) => {
    const now = performance.now();
    if (!terminal.isInteractive || now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    const failed = tally.failed.total > 0 ? `, ${tally.failed.total} failed` : "";
    if (phase === "opening") {
      terminal.progress(`opening ${tally.opened} of ${connections}${failed}`);
      return;
    }
    const seconds = `${Math.floor(elapsedMs / 1_000)} of ${durationMs / 1_000} s`;
    const perSecond = Math.round(tally.sent / Math.max(elapsedMs / 1_000, 0.001));
    const { roundTrips } = tally;
    const trips =
      roundTrips.count > 0
        ? `  p50 ${msText(roundTrips.percentile(50))}  p99 ${msText(roundTrips.percentile(99))} ms`
        : "";
    terminal.progress(`${seconds}  ${perSecond} messages a second${trips}  ${tally.errors - tally.waiting} errors`);
  };
}

const PROGRESS_MS = 250;

/** What to do about what it shows. */
function adviceOn({ ownShare, connections, messages }: Report): readonly string[] {
  const has = (reasons: Report["messages"]["refused"], part: string) =>
    reasons.reasons.some(({ reason }) => reason.includes(part));
  const advice: string[] = [];
  if (ownShare >= BUSY) {
    advice.push(
      "This process was busy all the time: the round trips may be its own. Load with less, or with two of them.",
    );
  }
  if (has(messages.refused, "rate_limited") || has(connections.lost, "rate_limited")) {
    advice.push(
      "rate_limited: a Tidings server takes 10 messages a second from a connection, unless its `limits.messages` says more.",
    );
  }
  if (has(connections.failed, "too_many_connections")) {
    advice.push(
      "too_many_connections: of one user, or one address, a server takes so many. Give each a token of its own: --as user-{n}, or --tokens.",
    );
  }
  if (has(connections.failed, "ECONNREFUSED")) advice.push("ECONNREFUSED: nothing listens there.");
  return advice;
}
