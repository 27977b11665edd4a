import { useCallback } from "react";
import { useSearchParams } from "react-router-dom";

type Changes = Record<string, string | null>;

/** The query of the page's address, where filters and tabs live, so that a view can be shared and reloaded. */
export function useUrlParams(): [URLSearchParams, (changes: Changes, options?: { push?: boolean }) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (changes: Changes, { push = false } = {}) => {
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          // Another filter makes another list, which begins at its beginning.
          after.delete("cursor");
          for (const [name, value] of Object.entries(changes)) {
            if (value === null || value === "") after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: !push, preventScrollReset: true },
      );
    },
    [setParams],
  );
  return [params, change];
}
