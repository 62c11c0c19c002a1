/** @param {{ to: number }} input */
export default function count({ to }) {
  return to;
}
