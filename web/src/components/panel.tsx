import { useId, type ReactNode } from "react";
import classes from "./panel.module.css";

interface Props {
  title: ReactNode;
  /** Behind the title, smaller. */
  hint?: ReactNode;
  actions?: ReactNode;
  /** Tables and charts go to the edge. */
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, hint, actions, flush = false, children }: Props) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={id}>
      <header className={classes.header}>
        <div className={classes.titles}>
          <h2 id={id} className={classes.title}>
            {title}
          </h2>
          {hint && <span className={classes.hint}>{hint}</span>}
        </div>
        {actions}
      </header>
      <div className={classes.body} data-flush={flush || undefined}>
        {children}
      </div>
    </section>
  );
}
