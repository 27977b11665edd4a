import { IconCircleMinus, IconCirclePlus, IconEqual, IconPencil } from "@tabler/icons-react";
import type { Change } from "@/api/run-items";
import classes from "./change-badge.module.css";

const ICONS: Record<Change, typeof IconEqual> = {
  new: IconCirclePlus,
  changed: IconPencil,
  unchanged: IconEqual,
  gone: IconCircleMinus,
};

export function ChangeBadge({ change }: { change: Change }) {
  const Icon = ICONS[change];
  return (
    <span className={classes.badge} style={{ color: `var(--change-${change})` }}>
      <Icon size={14} aria-hidden />
      {change}
    </span>
  );
}
