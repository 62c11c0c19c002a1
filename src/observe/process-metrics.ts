import type { MetricFamily } from "../declare/metric-family.js";

/**
 * What the process uses up, under the names that all collectors for Node use.
 *
 * Only for a page of our own: a registry that is there already has them, and takes no name twice.
 */
export function processFamilies(): readonly MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return [
    one("process_cpu_user_seconds_total", "counter", "CPU time of the process in user code.", user / 1e6),
    one("process_cpu_system_seconds_total", "counter", "CPU time of the process in the kernel.", system / 1e6),
    one("process_cpu_seconds_total", "counter", "CPU time of the process.", (user + system) / 1e6),
    one("process_start_time_seconds", "gauge", "When the process began, in seconds since 1970.", STARTED_AT_SECONDS),
    one("process_resident_memory_bytes", "gauge", "Memory of the process that is in RAM.", rss),
    one("nodejs_heap_size_total_bytes", "gauge", "Heap of V8.", heapTotal),
    one("nodejs_heap_size_used_bytes", "gauge", "Heap of V8 that is in use.", heapUsed),
    one("nodejs_external_memory_bytes", "gauge", "Memory outside V8's heap that its objects hold.", external),
  ];
}

/** The same each time, also where the clock is set meanwhile. */
const STARTED_AT_SECONDS = performance.timeOrigin / 1_000;

function one(name: string, type: "counter" | "gauge", help: string, value: number): MetricFamily {
  return { name, type, help, labelNames: [], samples: [{ name, labels: {}, value }] };
}
