import type { ConnectionReport, Trouble } from "../declare/connection-report.js";
import type { ChannelView, ConnectionView, ProcessView } from "../declare/process-view.js";
import type { ChannelRow, ConnectionRow, Question } from "./contract.js";
import { rowOf, rowOfChannel, rowOfReport } from "./rows.js";
import { Shortlist } from "./shortlist.js";

/** What a process says to a question. */
export type Found =
  | { readonly about: "connections"; readonly rows: readonly ConnectionRow[]; readonly count: number }
  | { readonly about: "channels"; readonly rows: readonly ChannelRow[]; readonly count: number }
  | { readonly about: "connection"; readonly report: ConnectionReport };

/** What one question looks for. It is shown all there is of what it has a function for, and then asked what it found. */
export interface Listing {
  readonly seeConnection?: (connection: ConnectionView, trouble: Trouble | undefined) => void;
  readonly seeChannel?: (channel: ChannelView) => void;
  /** Undefined: this process has nothing to say to it. */
  readonly find: () => Found | undefined;
}

export function listingOf(question: Question, view: ProcessView): Listing {
  switch (question.about) {
    case "connections":
      if (question.which === "closed") return listClosed(question.text, view);
      return listOpen(question.text, question.which === "troubled");
    case "channels":
      return listChannels(question.text);
    case "connection":
      return { find: () => findConnection(question.id, view) };
    case "nothing":
      return { find: () => undefined };
  }
}

/** Rows of one answer. */
const MAX_ROWS = 200;

interface Seen {
  readonly connection: ConnectionView;
  readonly trouble: Trouble | undefined;
}

/** What is behind it is a channel: those that are on it are meant. */
const ON = "channel:";

function listOpen(text: string, isTroubled: boolean): Listing {
  const isMeant = connectionFinder(text);
  const first = new Shortlist<Seen>(MAX_ROWS, byTrouble);
  return {
    seeConnection: (connection, trouble) => {
      if (isTroubled && trouble === undefined) return;
      const { id, userId: user, address, endpoint } = connection;
      const isOn = (channel: string) => connection.isOn(channel);
      if (isMeant({ id, user, address, endpoint, isOn })) first.add({ connection, trouble });
    },
    find: () => {
      const rows = first.items.map(({ connection, trouble }) => rowOf(connection, trouble));
      return { about: "connections", rows, count: first.count };
    },
  };
}

/** Those that are troubled for longest come first, then the newest. */
function byTrouble(a: Seen, b: Seen): number {
  const [sinceA, sinceB] = [a.trouble?.sinceMs, b.trouble?.sinceMs];
  if (sinceA !== undefined && sinceB !== undefined) return sinceA - sinceB;
  if (sinceA !== undefined || sinceB !== undefined) return sinceA === undefined ? 1 : -1;
  return b.connection.openedAtMs - a.connection.openedAtMs;
}

function listClosed(text: string, view: ProcessView): Listing {
  const isMeant = connectionFinder(text);
  return {
    find: () => {
      const meant = [...view.closed()].filter((report) => {
        const isOn = (channel: string) => report.channels.some((each) => each.channel === channel);
        return isMeant({ ...report, isOn });
      });
      return { about: "connections", rows: meant.slice(0, MAX_ROWS).map(rowOfReport), count: meant.length };
    },
  };
}

function listChannels(text: string): Listing {
  const isMeant = finder(text);
  const first = new Shortlist<ChannelView>(MAX_ROWS, (a, b) => b.connections - a.connections);
  return {
    seeChannel: (channel) => {
      if (isMeant(channel.channel)) first.add(channel);
    },
    find: () => ({ about: "channels", rows: first.items.map(rowOfChannel), count: first.count }),
  };
}

function findConnection(id: string, view: ProcessView): Found | undefined {
  const report = view.connection(id)?.report() ?? [...view.closed()].find((each) => each.id === id);
  return report && { about: "connection", report };
}

/** What a connection is found by. */
interface Face extends Pick<ConnectionReport, "id" | "user" | "address" | "endpoint"> {
  readonly isOn: (channel: string) => boolean;
}

function connectionFinder(text: string): (face: Face) => boolean {
  if (text.startsWith(ON)) return ({ isOn }) => isOn(text.slice(ON.length).trim());
  const isMeant = finder(text);
  return ({ id, user, address, endpoint }) => isMeant(id) || isMeant(user) || isMeant(address) || isMeant(endpoint);
}

/** Is the text a part of it, in small letters or capitals? */
function finder(text: string): (value: string | undefined) => boolean {
  if (text === "") return (value) => value !== undefined;
  const pattern = new RegExp(text.replace(SIGNS, "\\$&"), "i");
  return (value) => value !== undefined && pattern.test(value);
}

/** What means something else in a pattern. */
const SIGNS = /[\\^$.*+?()[\]{}|/]/g;
