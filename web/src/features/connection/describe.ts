import type { ConnectionStatus, Move, TransportKind } from "@/lib/chain-client/types";
import { timeLeft } from "@/lib/format";

export type Tone = "good" | "fallback" | "waiting" | "bad";

export interface Description {
  tone: Tone;
  /** In the header. */
  label: string;
  /** A sentence, without what changes every second. */
  sentence: string;
}

const NAMES: Record<TransportKind, string> = { websocket: "WebSocket", sse: "SSE", poll: "polling" };

export function transportName(kind: TransportKind | null): string {
  return kind === null ? "no transport" : NAMES[kind];
}

export function describeConnection(status: ConnectionStatus): Description {
  const { phase, transport, fallbackReason, attempt } = status;
  switch (phase) {
    case "connected":
      return fallbackReason === null
        ? { tone: "good", label: `Live by ${transportName(transport)}`, sentence: `Connected by ${transportName(transport)}.` }
        : {
            tone: "fallback",
            label: `Live by ${transportName(transport)}`,
            sentence: `Connected by ${transportName(transport)}, because the better way fails: ${fallbackReason}.`,
          };
    case "connecting":
      return { tone: "waiting", label: "Connecting", sentence: transport === null ? "Connecting." : `Connecting by ${transportName(transport)}.` };
    case "reconnecting":
      return { tone: "waiting", label: "Reconnecting", sentence: `The connection is lost. Attempt ${attempt.toString()} to get it back.` };
    case "offline":
      return { tone: "bad", label: "Offline", sentence: "This device has no network. The connection comes back with it." };
    case "closed":
      return { tone: "bad", label: "Disconnected", sentence: "The connection is closed." };
  }
}

/** `in 4 s`, while a next attempt is due. */
export function describeNextAttempt({ phase, nextAttemptAt }: ConnectionStatus, now: number): string | null {
  if (phase !== "reconnecting" || nextAttemptAt === null) return null;
  return nextAttemptAt - now < 1000 ? "now" : `in ${timeLeft(nextAttemptAt - now)}`;
}

export function describeMove({ from, to, reason, count }: Move): string {
  const times = count > 1 ? ` (${count.toString()} times)` : "";
  return `${transportName(from)} → ${transportName(to)}: ${reason}${times}`;
}
