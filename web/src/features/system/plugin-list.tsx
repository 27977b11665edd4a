import type { Plugin } from "@/api/plugins";
import { OptionTable } from "@/components/option-table";
import { plural } from "@/lib/format";
import classes from "./system.module.css";

export function PluginList({ plugins }: { plugins: Plugin[] }) {
  return (
    <ul className={classes.plugins}>
      {plugins.map((plugin) => (
        <PluginEntry key={`${plugin.kind} ${plugin.name}`} plugin={plugin} />
      ))}
    </ul>
  );
}

function PluginEntry({ plugin: { name, version, kind, summary, abi, file, options = [] } }: { plugin: Plugin }) {
  return (
    <li>
      <div className={classes.plugin}>
        <strong>{name}</strong>
        <span>{version}</span>
        <span className="dimmed">
          {kind}
          {abi && `, ABI ${abi}`}
        </span>
      </div>
      {summary && <p className={classes.summary}>{summary}</p>}
      {file && <p className={classes.file}>{file}</p>}
      {options.length > 0 && (
        <details className={classes.options}>
          <summary>{plural(options.length, "option")}</summary>
          <OptionTable label={`Options of ${name}`} options={options} />
        </details>
      )}
    </li>
  );
}
