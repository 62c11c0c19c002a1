import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { TimeOf } from "./time-of.js";

/** What happened to the connection and its channels, newest first: so that one sees what the client does by itself. */
export function JournalList() {
  const { notes } = useContext(JournalContext);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard, in every browser
    <div className="journal" role="log" aria-label="What happened to the connection" tabIndex={0}>
      <ol>
        {notes.map(({ key, at, text }) => (
          <li key={key}>
            <TimeOf at={at} withSeconds /> <span>{text}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Writes a line of it. */
export function useJournal(): (text: string) => void {
  return useContext(JournalContext).write;
}

export function Journal({ children }: { readonly children: ReactNode }) {
  const [notes, setNotes] = useState<readonly Note[]>([]);
  const [write] = useState(() => (text: string) => setNotes((before) => add(before, text)));
  const journal = useMemo(() => ({ notes, write }), [notes, write]);
  return <JournalContext.Provider value={journal}>{children}</JournalContext.Provider>;
}

interface Note {
  readonly key: number;
  readonly at: string;
  readonly text: string;
}

function add(notes: readonly Note[], text: string): readonly Note[] {
  const note = { key: (notes[0]?.key ?? 0) + 1, at: new Date().toISOString(), text };
  return [note, ...notes].slice(0, LONGEST);
}

const LONGEST = 50;

const JournalContext = createContext<{ readonly notes: readonly Note[]; readonly write: (text: string) => void }>({
  notes: [],
  write() {},
});
