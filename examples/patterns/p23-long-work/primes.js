/**
 * Counts primes, in a thread of its own.
 *
 * @param {{ below: number }} input
 * @param {import("tidings/tasks").WorkerTask} task
 */
export default async function countPrimes({ below }, task) {
  const primes = [];
  for (let number = 2; number < below; number += 1) {
    if (number % 10_000 === 0) await task.progress((100 * number) / below);
    if (isPrime(number, primes)) primes.push(number);
  }
  return { count: primes.length };
}

function isPrime(number, smaller) {
  for (const prime of smaller) {
    if (prime * prime > number) return true;
    if (number % prime === 0) return false;
  }
  return true;
}
