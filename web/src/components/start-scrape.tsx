import { Button, Modal, Skeleton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import { lazy, Suspense } from "react";

const StartScrapeForm = lazy(() => import("./start-scrape-form"));

interface Props {
  /** Chosen at first; all enabled ones if left out. */
  platform?: string;
  label?: string;
  variant?: "filled" | "default" | "light";
  size?: "xs" | "sm";
  onStarted?: (runId: number) => void;
}

export function StartScrapeButton({ platform, label = "Start New Scrape", variant = "filled", size = "sm", onStarted }: Props) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant={variant} size={size} leftSection={<IconPlayerPlay size={16} />} onClick={open}>
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title="Start a scrape" size="md">
        <Suspense fallback={<Skeleton height={200} />}>
          <StartScrapeForm
            chosenFirst={platform}
            onCancel={close}
            onStarted={(runId) => {
              close();
              onStarted?.(runId);
            }}
          />
        </Suspense>
      </Modal>
    </>
  );
}
