import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconDatabase,
  IconEyeQuestion,
  IconHandStop,
  IconLoader2,
  IconPlayerPause,
  IconRocket,
} from "@tabler/icons-react";
import { phaseMeaning, type Phase } from "@/lib/phases";
import classes from "./phase-badge.module.css";

const ICONS: Record<Phase, typeof IconClock> = {
  queued: IconClock,
  starting: IconRocket,
  scraping: IconLoader2,
  storing: IconDatabase,
  interrupted: IconPlayerPause,
  completed: IconCircleCheck,
  partial: IconAlertTriangle,
  failed: IconCircleX,
  cancelled: IconHandStop,
  suspect: IconEyeQuestion,
};

export function PhaseIcon({ phase, size = 14 }: { phase: Phase; size?: number }) {
  const Icon = ICONS[phase];
  return <Icon size={size} stroke={2} aria-hidden className={classes.icon} data-phase={phase} />;
}

export function PhaseBadge({ phase }: { phase: Phase }) {
  return (
    <span className={classes.badge} data-phase={phase} title={phaseMeaning(phase)}>
      <PhaseIcon phase={phase} />
      {phase}
    </span>
  );
}
