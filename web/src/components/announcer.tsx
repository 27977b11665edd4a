import { VisuallyHidden } from "@mantine/core";
import { createContext, use, useState, type ReactNode } from "react";

const AnnounceContext = createContext<(text: string) => void>(() => undefined);

/** Tells those who do not see the page what has happened on it, in their own time. */
export function AnnouncerProvider({ children }: { children: ReactNode }) {
  const [text, setText] = useState("");
  return (
    <AnnounceContext value={setText}>
      {children}
      <VisuallyHidden role="status" aria-live="polite">
        {text}
      </VisuallyHidden>
    </AnnounceContext>
  );
}

export function useAnnounce() {
  return use(AnnounceContext);
}
