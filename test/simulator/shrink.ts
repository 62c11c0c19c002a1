/**
 * As few of these as still fail, by leaving out ever smaller parts (delta debugging).
 *
 * @param fails must tell the same of the same items
 */
export async function shrink<Item>(
  items: readonly Item[],
  fails: (items: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length; ) {
      const without = [...left.slice(0, from), ...left.slice(from + size)];
      // What is behind the part now stands in its place.
      if (await fails(without)) left = without;
      else from += size;
    }
  }
  return left;
}
