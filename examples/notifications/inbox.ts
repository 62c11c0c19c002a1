/** An inbox is the last so many events of its channel: a notice has its place until so many notices and marks have followed it. */
export const MOST_EVENTS = 200;

/** What a user was told of, the newest last. */
export interface Inbox {
  readonly notices: readonly Notice[];
  readonly unread: number;
}

export interface Notice {
  /** Its place in the history of the inbox, which is its name too. */
  readonly offset: number;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
  readonly isRead: boolean;
}

type InboxEvent = { readonly offset: number } & (
  | { readonly type: "notified"; readonly payload: Pick<Notice, "text" | "at"> }
  | { readonly type: "read"; readonly payload: { readonly offsets: readonly number[] } }
);

/** What the events of an inbox come to. The server makes of them what it tells who comes, and the page goes on with it. */
export function inboxOf(events: readonly InboxEvent[]): Inbox {
  return events.reduce(addEvent, { notices: [], unread: 0 });
}

/** An event that is in it already changes nothing. */
export function addEvent(inbox: Inbox, { offset, ...event }: InboxEvent): Inbox {
  const notices = inbox.notices.filter((each) => each.offset > offset - MOST_EVENTS);
  if (event.type === "read") return counted(notices.map((each) => markRead(each, event.payload.offsets)));
  if (notices.some((each) => each.offset === offset)) return counted(notices);
  return counted([...notices, { offset, ...event.payload, isRead: false }]);
}

function markRead(notice: Notice, offsets: readonly number[]): Notice {
  return offsets.includes(notice.offset) ? { ...notice, isRead: true } : notice;
}

function counted(notices: readonly Notice[]): Inbox {
  return { notices, unread: notices.filter(({ isRead }) => !isRead).length };
}
