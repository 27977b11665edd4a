import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { Link } from "react-router-dom";
import { useWebSocket } from "@/hooks/use-websocket";
import { useNow } from "@/hooks/use-now";
import type { ConnectionStatus } from "@/lib/chain-client/types";
import { clock, count, duration, plural } from "@/lib/format";
import classes from "./connection.module.css";
import { describeConnection, describeMove, describeNextAttempt, transportName } from "./describe";

const RUNS_SHOWN = 5;

export function ConnectionPanel() {
  const { status, reconnect } = useWebSocket();
  const now = useNow(status.nextAttemptAt === null ? 0 : 500);
  const { sentence } = describeConnection(status);
  const next = describeNextAttempt(status, now);
  return (
    <div className={classes.panel}>
      <div className={classes.panelHead}>
        <strong>Connection</strong>
        <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={reconnect}>
          Reconnect
        </Button>
      </div>
      <p className={classes.sentence}>
        {sentence}
        {next && ` The next attempt is ${next}.`}
      </p>
      {status.error && status.phase !== "connected" && <p className={classes.error}>{status.error}</p>}
      <Figures status={status} />
      <SeenRuns status={status} />
      <Moves status={status} />
    </div>
  );
}

function Figures({ status }: { status: ConnectionStatus }) {
  const rows = [
    ["Transport", transportName(status.transport)],
    ["This tab", status.leader ? "holds the connection" : "follows another tab"],
    ["Received", plural(status.received, "message")],
    ["Repeats", count(status.repeats)],
    ["Gaps", status.gaps === 0 ? "none" : count(status.gaps)],
    ["Latency", status.latencyMs === null ? "–" : status.latencyMs < 1000 ? `${Math.round(status.latencyMs).toString()} ms` : duration(status.latencyMs)],
  ];
  return (
    <dl className={classes.figures}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function SeenRuns({ status }: { status: ConnectionStatus }) {
  const runs = Object.entries(status.runs).slice(-RUNS_SHOWN).reverse();
  if (runs.length === 0) return null;
  return (
    <section>
      <h3 className={classes.heading}>Messages of runs</h3>
      <ul className={classes.plain}>
        {runs.map(([id, seen]) => (
          <li key={id}>
            <Link to={`/runs/${id}`}>Run {id}</Link>
            <span>
              {count(seen.first)}..{count(seen.last)}, {seen.gaps === 0 ? "no gaps" : plural(seen.gaps, "gap")},{" "}
              {seen.repeats === 0 ? "no repeats" : plural(seen.repeats, "repeat")}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Moves({ status }: { status: ConnectionStatus }) {
  if (status.moves.length === 0) return null;
  return (
    <section>
      <h3 className={classes.heading}>Changes of transport</h3>
      <ul className={classes.plain}>
        {[...status.moves].reverse().slice(0, RUNS_SHOWN).map((move) => (
          <li key={`${move.at.toString()}${move.to}`}>
            <span>{describeMove(move)}</span>
            <time className="dimmed" dateTime={new Date(move.at).toISOString()}>
              {clock(move.at)}
            </time>
          </li>
        ))}
      </ul>
    </section>
  );
}
