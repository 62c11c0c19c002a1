/**
 * Counts primes with the sieve of Eratosthenes, a stretch of numbers at a time. Runs in a thread of its own.
 *
 * @param {{ below: number }} input
 * @param {import("tidings/tasks").WorkerTask} task
 */
export default async function countPrimes({ below }, task) {
  const small = primesUpTo(Math.floor(Math.sqrt(below)));
  let count = 0;
  for (let from = 2; from < below; from += STRETCH) {
    const to = Math.min(from + STRETCH, below);
    count += countBetween(from, to, small);
    await task.progress((100 * to) / below, `${to.toLocaleString("en")} of ${below.toLocaleString("en")} numbers`);
  }
  return { summary: `${count.toLocaleString("en")} primes below ${below.toLocaleString("en")}` };
}

const STRETCH = 50_000;

function countBetween(from, to, small) {
  const isComposite = new Uint8Array(to - from);
  for (const prime of small) {
    const first = Math.max(prime * prime, Math.ceil(from / prime) * prime);
    for (let number = first; number < to; number += prime) isComposite[number - from] = 1;
  }
  return isComposite.reduce((primes, composite) => primes + 1 - composite, 0);
}

function primesUpTo(limit) {
  const primes = [];
  for (let number = 2; number <= limit; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}
