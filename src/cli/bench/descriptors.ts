import { ConfigError } from "../../base/config-error.js";

/** What this process has open beside its connections. */
const OWN = 50;

/**
 * Each connection is a file to the system, and a shell allows so many.
 *
 * @throws {ConfigError} `too_few_descriptors`
 */
export function checkDescriptors(connections: number, allowed: number = allowedDescriptors()): void {
  if (connections + OWN <= allowed) return;
  throw new ConfigError("too_few_descriptors", {
    message: `${connections} connections need ${connections + OWN} file descriptors, and this shell allows ${allowed}.`,
    fix: `Run \`ulimit -n ${connections + OWN}\` first, here and where the server runs, or open fewer.`,
  });
}

/** Any number where there is no such limit, as on Windows. Node has raised it as far as it may. */
function allowedDescriptors(): number {
  const report: unknown = process.report.getReport();
  const limits = (report as { readonly userLimits?: { readonly open_files?: { readonly soft: unknown } } }).userLimits; // as Node documents it
  const soft = limits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}
