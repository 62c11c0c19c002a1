/** A time of day, in the reader's way of writing it. */
export function TimeOf({ at, withSeconds = false }: { readonly at: string; readonly withSeconds?: boolean }) {
  const format: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  if (withSeconds) format.second = "2-digit";
  return <time dateTime={at}>{new Date(at).toLocaleTimeString([], format)}</time>;
}
