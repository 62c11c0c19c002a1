/**
 * The shortest input that is found to do what this one does: parts are left out, half of it first and single bytes last, and
 * what is left is made plain.
 */
export async function shrink(
  input: Buffer,
  doesSo: (smaller: Buffer) => Promise<boolean>,
  maxTries = 2_000,
): Promise<Buffer> {
  let smallest = input;
  let triesLeft = maxTries;
  const tries = async (candidate: Buffer) => {
    triesLeft -= 1;
    const isSo = triesLeft >= 0 && (await doesSo(candidate));
    if (isSo) smallest = candidate;
    return isSo;
  };
  for (let size = Math.ceil(input.length / 2); size >= 1 && triesLeft > 0; size = Math.floor(size / 2)) {
    for (let from = 0; from < smallest.length && triesLeft > 0; ) {
      const without = Buffer.concat([smallest.subarray(0, from), smallest.subarray(from + size)]);
      if (!(await tries(without))) from += size;
    }
  }
  for (let index = 0; index < smallest.length && triesLeft > 0; index += 1) {
    const plain = Buffer.from(smallest);
    plain[index] = 0x61;
    if (!plain.equals(smallest)) await tries(plain);
  }
  return smallest;
}
