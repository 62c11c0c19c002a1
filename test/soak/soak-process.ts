import { AskedProcess } from "../support/redis/chaos/asked-process.js";

/** A program of the soak. It is given more time than a test's: a machine on which something soaks may be busy. */
export function startSoakProcess(
  file: "crowd.ts" | "rabble.ts" | "serving.ts",
  env: Readonly<Record<string, string | number>>,
  notice: (name: string, what: unknown) => void,
): AskedProcess {
  const texts = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
  return new AskedProcess(`../../../soak/${file}`, texts, notice, PATIENCE_MS);
}

const PATIENCE_MS = 180_000;
