import { Popover, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconAntennaBars5, IconAntennaBarsOff, IconAntennaBars3, IconLoader2 } from "@tabler/icons-react";
import { useConnectionStatus } from "@/hooks/chain-client";
import { useNow } from "@/hooks/use-now";
import classes from "./connection.module.css";
import { ConnectionPanel } from "./connection-panel";
import { describeConnection, describeNextAttempt, type Tone } from "./describe";

const ICONS: Record<Tone, typeof IconLoader2> = {
  good: IconAntennaBars5,
  fallback: IconAntennaBars3,
  waiting: IconLoader2,
  bad: IconAntennaBarsOff,
};

/** How this page is connected, in the header of every page; a click tells more. */
export function ConnectionIndicator() {
  const tone = useConnectionStatus((status) => describeConnection(status).tone);
  const label = useConnectionStatus((status) => describeConnection(status).label);
  const sentence = useConnectionStatus((status) => describeConnection(status).sentence);
  const Icon = ICONS[tone];
  return (
    <>
      <Popover width={360} position="bottom-end" shadow="lg" trapFocus returnFocus>
        <Popover.Target>
          <UnstyledButton className={classes.indicator} data-tone={tone} aria-label={`Connection: ${label}`} title={sentence}>
            <Icon size={16} aria-hidden />
            <span>
              {label}
              <Countdown />
            </span>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown className={classes.dropdown}>
          <ConnectionPanel />
        </Popover.Dropdown>
      </Popover>
      <VisuallyHidden role="status" aria-live="polite">
        {sentence}
      </VisuallyHidden>
    </>
  );
}

function Countdown() {
  const waiting = useConnectionStatus(({ nextAttemptAt }) => nextAttemptAt !== null);
  const now = useNow(waiting ? 500 : 0);
  const next = useConnectionStatus((status) => describeNextAttempt(status, now));
  return next && <span className={classes.countdown}> {next}</span>;
}
