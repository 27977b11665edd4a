import { Link, type LinkProps } from "react-router-dom";
import classes from "./row-link.module.css";

/** A link in a table that can be hit anywhere in its row. */
export function RowLink(props: LinkProps) {
  return <Link {...props} data-row-link className={classes.link} />;
}
