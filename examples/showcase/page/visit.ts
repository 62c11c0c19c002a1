/**
 * Who it is and where to, as the link's fragment says it: `#token=…&room=lobby`. A browser keeps the fragment to itself.
 * Without a token it is who has signed in.
 */
const link = new URLSearchParams(location.hash.slice(1));

export function tokenOfLink(): string | undefined {
  return link.get("token") || undefined;
}

export function roomOfLink(): string {
  const room = link.get("room")?.trim() ?? "";
  return isRoom(room) ? room : "lobby";
}

/** Keeps the room in the address, so that a reload and a copied link lead there. */
export function rememberRoom(room: string): void {
  link.set("room", room);
  history.replaceState(null, "", `#${link}`);
}

/** The cookie takes its place. */
export function forgetToken(): void {
  link.delete("token");
  history.replaceState(null, "", `#${link}`);
}

/** A name without a slash that is more than dots: what can be a part of a channel's name. */
export const roomPattern = "[^\\/]*[^\\/.][^\\/]*";

function isRoom(room: string): boolean {
  return room.length <= 40 && new RegExp(`^${roomPattern}$`).test(room);
}

/** This page, for the server's switch on its line: 128 random bits that nobody else knows. */
export const visitor = base64Url(crypto.getRandomValues(new Uint8Array(16)));

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
