import { useSyncExternalStore } from "react";

/** What a hook shows of something that is there between an effect and its clean-up only. */
export interface Followed<Value> {
  subscribe(onChange: () => void): () => void;
  read(): Value;
  readIdle(): Value;
}

/**
 * Shows `idle` until `start` shows something else, and again when it was ended.
 *
 * Nothing is done before a component is mounted, so it may be made while rendering. What `start` shows after it was ended
 * is nobody's any more.
 */
export function follow<Value>(
  idle: Value,
  start: (show: (value: Value) => void) => (() => void) | undefined,
): Followed<Value> {
  let shown = idle;
  return {
    subscribe(onChange) {
      let isFollowed = true;
      const end = start((value) => {
        if (!isFollowed) return;
        shown = value;
        onChange();
      });
      return () => {
        isFollowed = false;
        shown = idle;
        end?.();
      };
    },
    read: () => shown,
    readIdle: () => idle,
  };
}

export function useFollowed<Value>({ subscribe, read, readIdle }: Followed<Value>): Value {
  return useSyncExternalStore(subscribe, read, readIdle);
}
