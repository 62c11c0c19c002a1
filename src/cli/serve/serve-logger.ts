import type { Logger } from "../../base/logger.js";
export function createLogger(_options: object): Logger {
  const line = (level: string) => (fields: object, msg?: string) =>
    void process.stderr.write(`${JSON.stringify({ level, msg, ...fields })}\n`);
  return { debug() {}, info: line("info"), warn: line("warn"), error: line("error") };
}
