import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerStop, IconPlayerTrackNext } from "@tabler/icons-react";
import { useCancelRun, useResumeRun } from "@/api/runs";
import { isEnd, type Phase } from "@/lib/phases";
import { ProblemAlert } from "./problem-alert";

/** What can be done with a run as it stands: nothing when it is over. */
export function RunCommands({ runId, status, size = "sm" }: { runId: number; status: Phase; size?: "xs" | "sm" }) {
  if (isEnd(status)) return null;
  return (
    <>
      {status === "interrupted" && <ResumeButton runId={runId} size={size} />}
      <CancelButton runId={runId} size={size} />
    </>
  );
}

function CancelButton({ runId, size }: { runId: number; size: "xs" | "sm" }) {
  const [opened, { open, close }] = useDisclosure(false);
  const cancel = useCancelRun();
  return (
    <>
      <Button size={size} variant="default" leftSection={<IconPlayerStop size={16} />} loading={cancel.isPending} onClick={open}>
        Cancel
      </Button>
      <Modal opened={opened} onClose={close} title={`Cancel run ${runId.toString()}?`} size="sm">
        <Stack gap="md">
          <Text size="sm">Its workers stop after the pages that they are at. What the run has found stays.</Text>
          {cancel.error && <ProblemAlert error={cancel.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close} data-autofocus>
              Let it run
            </Button>
            <Button color="red.8" loading={cancel.isPending} onClick={() => { cancel.mutate(runId, { onSuccess: close }); }}>
              Cancel the run
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function ResumeButton({ runId, size }: { runId: number; size: "xs" | "sm" }) {
  const resume = useResumeRun();
  return (
    <>
      {resume.error && <ProblemAlert error={resume.error} />}
      <Button
        size={size}
        leftSection={<IconPlayerTrackNext size={16} />}
        loading={resume.isPending}
        onClick={() => { resume.mutate(runId); }}
      >
        Resume
      </Button>
    </>
  );
}
