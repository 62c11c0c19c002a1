import { measureOnce } from "./measurement.mjs";

/**
 * Where Tidings' server spends its time while a row measures it: by function alone, and with all that it calls.
 *
 * @returns {Promise<string | undefined>} undefined for a row that measures no time
 */
export async function profileRow(row, tidings) {
  // Where Tidings plays all parts, the last is the one with the most to do.
  const contender = row.peerOf === undefined ? row.contenders[0] : row.contenders.at(-1);
  const { profiles } = await measureOnce(row, contender, tidings, { isProfiling: true });
  if (profiles.length === 0) return undefined;
  const [alone, within] = [new Map(), new Map()];
  for (const profile of profiles) addTimes(profile, alone, within);
  const total = within.get("(root)");
  return ["alone:", ...linesOf(alone, total), "with all that it calls:", ...linesOf(within, total)].join("\n");
}

function addTimes({ nodes, samples, timeDeltas }, alone, within) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  for (const [index, sample] of samples.entries()) {
    const name = nameOf(byId.get(sample).callFrame);
    if (name === "(idle)") continue;
    const time = timeDeltas[index];
    add(alone, name, time);
    // A function that calls itself counts once.
    const stack = new Set();
    for (let id = sample; id !== undefined; id = parents.get(id)) stack.add(nameOf(byId.get(id).callFrame));
    for (const each of stack) add(within, each, time);
  }
}

function add(times, name, time) {
  times.set(name, (times.get(name) ?? 0) + time);
}

function linesOf(times, total) {
  return [...times]
    .filter(([name]) => name !== "(root)")
    .sort(([, one], [, other]) => other - one)
    .slice(0, SHOWN)
    .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`);
}

function nameOf({ functionName, url, lineNumber }) {
  const place = url === "" ? "" : ` ${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
  return `${functionName || "(anonymous)"}${place}`;
}

const SHOWN = 40;
