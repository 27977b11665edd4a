import { Button, Checkbox, Group, Radio, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router-dom";
import { ApiError } from "@/api/http";
import { platformsQuery, type Platform } from "@/api/platforms";
import { useStartRun, type Overlap } from "@/api/runs";
import { plural } from "@/lib/format";
import { newKey } from "@/lib/new-key";
import { useAnnounce } from "./announcer";
import { Notice } from "./notice";
import { ProblemAlert } from "./problem-alert";
import { QueryView } from "./query-view";

interface Props {
  /** Chosen at first; all enabled ones if undefined. */
  chosenFirst: string | undefined;
  onCancel: () => void;
  onStarted: (runId: number) => void;
}

/** What a new run shall scrape. Loaded when it is first asked for. */
export default function StartScrapeForm({ chosenFirst, onCancel, onStarted }: Props) {
  const platforms = useQuery(platformsQuery());
  return (
    <QueryView query={platforms} what="The platforms could not be read">
      {(list) =>
        list.length === 0 ? (
          <Text size="sm">No platform is configured yet. Add one to the server&apos;s configuration file and start it again.</Text>
        ) : (
          <PlatformChoice platforms={list} chosenFirst={chosenFirst} onCancel={onCancel} onStarted={onStarted} />
        )
      }
    </QueryView>
  );
}

function PlatformChoice({ platforms, chosenFirst, onCancel, onStarted }: Props & { platforms: Platform[] }) {
  const enabled = platforms.filter((platform) => platform.enabled !== false).map(({ name }) => name);
  const [chosen, setChosen] = useState<string[]>(chosenFirst === undefined ? enabled : [chosenFirst]);
  const [overlap, setOverlap] = useState<Overlap>("queue");
  // One key for each request that is put together: when its answer was lost, asking again makes no second run.
  const [key, setKey] = useState(newKey);
  const announce = useAnnounce();
  const start = useStartRun();
  const conflict = start.error instanceof ApiError && start.error.status === 409 ? start.error.problem : null;
  const all = chosen.length === enabled.length && enabled.every((name) => chosen.includes(name));

  const change = (update: () => void) => {
    update();
    setKey(newKey());
    start.reset();
  };

  const submit = () => {
    const request = { key, ...(all ? {} : { platforms: chosen }), ...(conflict && { overlap }) };
    start.mutate(request, {
      onSuccess: (started) => {
        if (!started) return;
        announce(`Run ${started.run_id.toString()} has started`);
        onStarted(started.run_id);
      },
      // What was refused will be asked differently, and the same key with another body would be refused for that.
      onError: (error) => {
        if (error instanceof ApiError && error.status >= 400) setKey(newKey());
      },
    });
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="md">
        <Checkbox
          label={`All ${plural(enabled.length, "enabled platform")}`}
          checked={all}
          indeterminate={!all && chosen.length > 0}
          onChange={() => { change(() => { setChosen(all ? [] : enabled); }); }}
          styles={{ label: { fontWeight: 600 } }}
        />
        <Checkbox.Group
          aria-label="Platforms"
          value={chosen}
          onChange={(names) => { change(() => { setChosen(names); }); }}
        >
          <Stack gap={8} pl="lg" mah={280} style={{ overflowY: "auto" }}>
            {platforms.map(({ name, plugin, enabled: isEnabled }) => (
              <Checkbox
                key={name}
                value={name}
                label={name}
                description={isEnabled === false ? `${plugin} · not part of a run of all platforms` : plugin}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        {conflict ? (
          <ConflictChoice platform={conflict.platform} runId={conflict.run_id} overlap={overlap} onChange={setOverlap} onLeave={onCancel} />
        ) : (
          start.error && <ProblemAlert error={start.error} />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={start.isPending} disabled={chosen.length === 0} leftSection={<IconPlayerPlay size={16} />}>
            {conflict ? SUBMITS[overlap] : all || chosen.length === 0 ? "Start all" : `Start ${plural(chosen.length, "platform")}`}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const SUBMITS: Record<Overlap, string> = {
  queue: "Queue it",
  replace: "Replace the running one",
  allow: "Run both",
  reject: "Start",
};

interface ConflictProps {
  platform: string | undefined;
  runId: number | undefined;
  overlap: Overlap;
  onChange: (overlap: Overlap) => void;
  onLeave: () => void;
}

function ConflictChoice({ platform, runId, overlap, onChange, onLeave }: ConflictProps) {
  return (
    <Notice tone="partial" title={`${platform ?? "A platform"} is running already`}>
      <p style={{ margin: "2px 0 12px" }}>
        Nothing was started
        {runId !== undefined && (
          <>
            {": it is part of "}
            <Link to={`/runs/${runId.toString()}`} onClick={onLeave}>{`run ${runId.toString()}`}</Link>
          </>
        )}
        . What shall happen?
      </p>
      <Radio.Group value={overlap} onChange={(value) => { onChange(value as Overlap); }} aria-label="What shall happen">
        <Stack gap={8}>
          <Radio value="queue" label="Queue" description="Start when the running one has ended" />
          <Radio value="replace" label="Replace" description="Cancel the running one; what it has found stays" />
          <Radio value="allow" label="Allow" description="Run both at the same time" />
        </Stack>
      </Radio.Group>
    </Notice>
  );
}
