import type { Option } from "@/api/plugins";
import { bytes, duration } from "@/lib/format";
import { toText, type Json } from "@/lib/json";
import classes from "./option-table.module.css";

interface Props {
  label: string;
  options: Option[];
  /** What the configuration sets, where that is known. */
  values?: { [name: string]: Json } | undefined;
  /** What whoever starts a run may set. */
  overridable?: string[];
}

/** A plugin's options as it declares them; those of inner objects below, set in. */
export function OptionTable({ label, options, values, overridable = [] }: Props) {
  return (
    <ul className={classes.list} aria-label={label}>
      {options.map((option, index) => (
        <OptionEntry key={option.name ?? index} option={option} value={values?.[option.name ?? ""]} overridable={overridable.includes(option.name ?? "")} />
      ))}
    </ul>
  );
}

function OptionEntry({ option, value, overridable }: { option: Option; value: Json | undefined; overridable: boolean }) {
  const inner = innerOptions(option);
  return (
    <li className={classes.entry}>
      <div className={classes.head}>
        {option.name && <strong className="mono">{option.name}</strong>}
        <span className={classes.type}>{typeOf(option)}</span>
        {option.required && <span className={classes.required}>required</span>}
        {overridable && <span className={classes.overridable}>may be set at the start</span>}
        {value === undefined && option.default !== undefined && !isBlank(option.default) && (
          <span className={classes.default}>
            default <span className="mono">{toText(option.default)}</span>
          </span>
        )}
      </div>
      {option.help && <p className={classes.help}>{option.help}</p>}
      {value !== undefined && <pre className={classes.value}>{showValue(option.type, value)}</pre>}
      {inner.length > 0 && (
        <details className={classes.inner}>
          <summary>Its {inner.length === 1 ? "field" : `${inner.length.toString()} fields`}</summary>
          <OptionTable label={`Fields of ${option.name ?? "the entry"}`} options={inner} />
        </details>
      )}
    </li>
  );
}

/** The server shows durations in milliseconds and sizes in bytes. */
export function showValue(type: string, value: Json): string {
  if (typeof value === "number" && type === "duration") return duration(value);
  if (typeof value === "number" && type === "size") return bytes(value);
  return toText(value, "  ");
}

/** The fields of an object; of a list or map of objects, those of an entry. */
function innerOptions(option: Option): Option[] {
  const fields = option.fields ?? [];
  return fields.flatMap((field) => (field.name === undefined ? innerOptions(field) : [field]));
}

function isBlank(value: Json): boolean {
  return value === "" || value === null || ["[]", "{}"].includes(toText(value));
}

function typeOf(option: Option): string {
  const entry = option.type === "list" || option.type === "map" ? option.fields?.[0] : undefined;
  const name = option.choices ? option.choices.split("|").join(" | ") : option.type;
  const range = [option.min, option.max].some((bound) => bound !== undefined)
    ? ` ${option.min?.toString() ?? ""}..${option.max?.toString() ?? ""}`
    : "";
  return (entry && entry.name === undefined ? `${name} of ${typeOf(entry)}` : name) + range;
}
