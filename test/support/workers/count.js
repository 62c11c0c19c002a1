/** Counts up to a number, and says so on the way. */
export default async function count({ to }, task) {
  for (let n = 1; n < to; n += 1) await task.progress((n / to) * 100, `${n} of ${to}`);
  return { counted: to };
}
