import { Link } from "react-router-dom";
import type { ItemVersion } from "@/api/items";
import { dateTime, plural, signed } from "@/lib/format";
import { diff, fieldsOf, type FieldChange } from "@/lib/diff";
import { toText } from "@/lib/json";
import classes from "./items.module.css";

/** The versions, newest first, each with what it changed. */
export function VersionList({ versions }: { versions: ItemVersion[] }) {
  const entries = versions.map((version, index) => ({ version, before: versions[index - 1] })).reverse();
  return (
    <ol className={classes.versions} reversed>
      {entries.map(({ version, before }) => (
        <li key={`${version.run_id.toString()} ${version.seen_at}`} className={classes.version}>
          <div className={classes.versionHead}>
            <strong>
              <time dateTime={version.seen_at}>{dateTime(version.seen_at)}</time>
            </strong>
            <Link to={`/runs/${version.run_id.toString()}`}>Run {version.run_id}</Link>
            {!before && <span className="dimmed">first seen with {plural(fieldsOf(version.item).size, "field")}</span>}
          </div>
          {before && <Diff changes={diff(before.item, version.item)} at={dateTime(version.seen_at)} />}
        </li>
      ))}
    </ol>
  );
}

function Diff({ changes, at }: { changes: FieldChange[]; at: string }) {
  if (changes.length === 0) return <span className="dimmed">only the address of its page has changed</span>;
  return (
    <table className={classes.diff} aria-label={`What changed on ${at}`}>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field}>
            <th scope="row">{change.field}</th>
            <td className={change.before === undefined ? undefined : classes.before}>
              {change.before === undefined ? <span className="dimmed">was not there</span> : <del>{toText(change.before)}</del>}
            </td>
            <td className={change.after === undefined ? undefined : classes.after}>
              {change.after === undefined ? <span className="dimmed">is gone</span> : <ins>{toText(change.after)}</ins>}
              <Delta change={change} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Delta({ change: { before, after } }: { change: FieldChange }) {
  if (typeof before !== "number" || typeof after !== "number") return null;
  // 24.49 - 23.49 is 0.9999999999999982 in binary.
  const difference = Number((after - before).toPrecision(12));
  const percent = before === 0 ? "" : ` (${signed(Number(((difference / Math.abs(before)) * 100).toFixed(1)))} %)`;
  return <span className={classes.delta}>{signed(difference) + percent}</span>;
}
