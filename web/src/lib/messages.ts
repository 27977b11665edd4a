import type { Message } from "./chain-client/types";
import { isEnd, type Phase } from "./phases";

/** `data` of a scrape_progress message; docs/wire-protocol.md. */
export interface ScrapeProgress {
  run_id: number;
  /** 1, 2, 3 … within the run. */
  n: number;
  /** Null: the whole run. */
  platform: string | null;
  phase: Phase;
  current: number;
  total: number;
  items: number;
  new?: number;
  changed?: number;
  failed: number;
  message: string | null;
}

export interface LogData {
  run_id: number;
  platform: string | null;
  level: "debug" | "info" | "warning" | "error";
  message: string;
}

interface RunState {
  id: number;
  status: Phase;
}

export function isProgress(message: Message): message is Message<ScrapeProgress> {
  return message.type === "scrape_progress";
}

export function isLog(message: Message): message is Message<LogData> {
  return message.type === "log";
}

export function isSnapshot<R extends RunState>(message: Message): message is Message<{ runs: R[] }> {
  return message.type === "snapshot";
}

/** The runs whose end a message tells of: of its own end, or of all that a snapshot says. */
export function endedRuns(message: Message): number[] {
  if (isProgress(message)) {
    const { platform, phase, run_id } = message.data;
    return platform === null && isEnd(phase) ? [run_id] : [];
  }
  if (isSnapshot(message)) return message.data.runs.filter(({ status }) => isEnd(status)).map(({ id }) => id);
  return [];
}
