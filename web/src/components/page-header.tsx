import { useEffect, type ReactNode } from "react";
import classes from "./page-header.module.css";

interface Props {
  title: string;
  /** Beside the title: a badge. */
  mark?: ReactNode;
  /** Above the title: the way back. */
  above?: ReactNode;
  subtitle?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, mark, above, subtitle, actions }: Props) {
  useEffect(() => {
    document.title = `${title} · Trawl`;
  }, [title]);

  return (
    <div className={classes.header}>
      <div className={classes.text}>
        {above}
        <div className={classes.line}>
          <h1 className={classes.title}>{title}</h1>
          {mark}
        </div>
        {subtitle && <p className={classes.subtitle}>{subtitle}</p>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}
