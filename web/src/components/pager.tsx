import { Button, Group } from "@mantine/core";
import { IconChevronRight, IconChevronsLeft } from "@tabler/icons-react";
import { useUrlParams } from "@/hooks/use-url-params";

/** Pages by cursor know the way forward and to the beginning; the browser's own button goes back. */
export function Pager({ next, label }: { next: string | null; label: string }) {
  const [params, change] = useUrlParams();
  const later = params.has("cursor");
  if (!later && next === null) return null;
  return (
    <nav aria-label={label} style={{ padding: "8px 16px 10px" }}>
      <Group justify="flex-end" gap="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconChevronsLeft size={14} />}
          disabled={!later}
          onClick={() => { change({ cursor: null }, { push: true }); }}
        >
          First page
        </Button>
        <Button
          size="xs"
          variant="default"
          rightSection={<IconChevronRight size={14} />}
          disabled={next === null}
          onClick={() => { change({ cursor: next }, { push: true }); }}
        >
          Next page
        </Button>
      </Group>
    </nav>
  );
}
