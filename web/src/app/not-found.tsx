import { Button } from "@mantine/core";
import { IconCompass } from "@tabler/icons-react";
import { Link } from "react-router-dom";
import { Empty } from "@/components/empty";
import { PageHeader } from "@/components/page-header";

export function NotFound() {
  return (
    <>
      <PageHeader title="No such page" />
      <Empty
        icon={<IconCompass size={22} />}
        title="There is nothing at this address"
        action={
          <Button component={Link} to="/" variant="default">
            To the dashboard
          </Button>
        }
      >
        The link may be old, or mistyped.
      </Empty>
    </>
  );
}
