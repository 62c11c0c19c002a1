import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cores, pinned } from "./machine.mjs";

/**
 * How many a second `redis-benchmark` gets answered of one command, on one connection.
 *
 * @param {readonly string[]} words the command
 * @param {{ port: number, count: number, inFlight: number }} how
 * @returns {Promise<number>}
 */
export async function paceOf(words, { port, count, inFlight }) {
  const options = { "-h": "127.0.0.1", "-p": port, "-c": 1, "-P": inFlight, "-n": count };
  const [program, ...args] = pinned(cores().load, [
    "redis-benchmark",
    "--csv",
    ...Object.entries(options).flatMap(([name, value]) => [name, String(value)]),
    ...words,
  ]);
  const { stdout } = await promisify(execFile)(program, args, { encoding: "utf8", timeout: 30_000 });
  // The first column is the command, whatever is in it.
  const [, pace] = /"([\d.]+)"(?:,"[\d.]+"){6}\s*$/.exec(stdout) ?? [];
  if (pace === undefined) throw new Error(`redis-benchmark said: ${stdout.slice(-500)}`);
  return Number(pace);
}
