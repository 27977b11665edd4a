import { Grid, Stack } from "@mantine/core";
import { IconFileOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router-dom";
import { isStatus } from "@/api/http";
import { itemHistoryQuery, itemQuery, type Item } from "@/api/items";
import { Empty } from "@/components/empty";
import { ExternalLink } from "@/components/external-link";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { QueryView } from "@/components/query-view";
import { TimeAgo } from "@/components/time";
import { useUrlParams } from "@/hooks/use-url-params";
import { plural } from "@/lib/format";
import { itemTitle } from "@/lib/item-summary";
import { isObject, toText, type Json } from "@/lib/json";
import { FieldOverTime } from "./field-over-time";
import classes from "./items.module.css";
import { VersionList } from "./version-list";

export default function ItemPage() {
  const [params] = useUrlParams();
  const platform = params.get("platform") ?? "";
  const key = params.get("key") ?? "";
  const query = useQuery(itemQuery(platform, key));
  if (isStatus(query.error, 404)) return <NoSuchItem />;
  return (
    <QueryView query={query} what="The item could not be read">
      {(item) => <ItemView item={item} />}
    </QueryView>
  );
}

function NoSuchItem() {
  return (
    <>
      <PageHeader title="No such item" />
      <Empty icon={<IconFileOff size={22} />} title="This platform has no item with this key" action={<Link to="/items">All items</Link>}>
        It may never have been found, or under another key.
      </Empty>
    </>
  );
}

function ItemView({ item }: { item: Item }) {
  const history = useQuery(itemHistoryQuery(item.platform, item.key));
  return (
    <>
      <PageHeader
        title={itemTitle(item.item, item.key)}
        above={
          <nav aria-label="Breadcrumb" style={{ fontSize: "var(--mantine-font-size-sm)" }}>
            <Link to="/items">Items</Link>
            {" / "}
            <Link to={`/items?platform=${encodeURIComponent(item.platform)}`}>{item.platform}</Link>
          </nav>
        }
        subtitle={
          <>
            <span className="mono">{item.key}</span> · first seen <TimeAgo at={item.first_seen} /> · last seen{" "}
            <TimeAgo at={item.last_seen} /> · <ExternalLink url={item.url} label="its page" />
          </>
        }
      />
      <Grid gutter="md">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Panel title="As it is now">
            <Fields item={item.item} />
          </Panel>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <QueryView query={history} what="The history could not be read">
            {({ versions }) => (
              <Stack gap="md">
                <FieldOverTime item={item} versions={versions} />
                <Panel title="History" hint={plural(versions.length, "version")}>
                  <VersionList versions={versions} />
                </Panel>
              </Stack>
            )}
          </QueryView>
        </Grid.Col>
      </Grid>
    </>
  );
}

function Fields({ item }: { item: Json }) {
  const fields = isObject(item) ? Object.entries(item) : [["value", item] as const];
  if (fields.length === 0) return <p className="dimmed">It has no fields.</p>;
  return (
    <dl className={classes.fields}>
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span className={typeof value === "object" && value !== null ? classes.json : classes.value}>{toText(value, "  ")}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
