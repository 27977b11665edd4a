import { Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconListSearch, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "react-router-dom";
import { itemsQuery, type Item } from "@/api/items";
import { platformsQuery } from "@/api/platforms";
import { DataTable, type Column } from "@/components/data-table";
import { Empty } from "@/components/empty";
import { ItemCell, itemPath } from "@/components/item-cell";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel } from "@/components/panel";
import { QueryView } from "@/components/query-view";
import { RowLink } from "@/components/row-link";
import { TimeAgo } from "@/components/time";
import { useUrlParams } from "@/hooks/use-url-params";
import { fieldsOf } from "@/lib/diff";
import { commonFields, itemTitle } from "@/lib/item-summary";
import { toText } from "@/lib/json";
import classes from "./items.module.css";

const PAGE_SIZE = 50;
const FIELD_COLUMNS = 5;
const TYPING_MS = 300;

export default function Items() {
  return (
    <>
      <PageHeader title="Items" subtitle="Everything that was found, as it is now" />
      <Panel title="Browse" actions={<Filters />} flush>
        <ItemList />
      </Panel>
    </>
  );
}

function Filters() {
  const [params, change] = useUrlParams();
  const platforms = useQuery(platformsQuery()).data ?? [];
  return (
    <Group gap="xs" role="search" aria-label="Find items">
      <SearchInput value={params.get("search") ?? ""} onSearch={(search) => { change({ search }); }} />
      <Select
        aria-label="Platform"
        placeholder="Any platform"
        data={platforms.map(({ name }) => name)}
        value={params.get("platform")}
        onChange={(platform) => { change({ platform }); }}
        clearable
        searchable
        size="xs"
        w={170}
      />
    </Group>
  );
}

/** Types ahead of the address, which follows when the typing pauses; and follows the address when that changes by itself. */
function SearchInput({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(value);
  const search = useDebouncedCallback(onSearch, TYPING_MS);
  useEffect(() => { setText(value); }, [value]);
  return (
    <TextInput
      type="search"
      aria-label="Search items"
      placeholder="Search"
      leftSection={<IconSearch size={14} />}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        search(currentTarget.value);
      }}
      size="xs"
      w={220}
    />
  );
}

const LAST_CHANGED: Column<Item> = {
  key: "last_changed",
  header: "Last changed",
  from: "xs",
  cell: ({ last_changed }) => <TimeAgo at={last_changed} />,
};

const ANY_PLATFORM: Column<Item>[] = [
  { key: "item", header: "Item", cell: (item) => <ItemCell item={item} /> },
  { key: "platform", header: "Platform", from: "sm", cell: ({ platform }) => platform },
  { key: "key", header: "Key", from: "md", cell: ({ key }) => <span className="mono">{key}</span> },
  LAST_CHANGED,
  { key: "last_seen", header: "Last seen", from: "lg", cell: ({ last_seen }) => <TimeAgo at={last_seen} /> },
];

/** Items of one platform are alike, so their fields make columns. */
function columnsOf(items: Item[]): Column<Item>[] {
  const fields = commonFields(items.map(({ item }) => item), FIELD_COLUMNS);
  return [
    {
      key: "item",
      header: "Item",
      cell: (item) => (
        <>
          <span className={classes.wide}>
            <RowLink to={itemPath(item)}>{itemTitle(item.item, item.key)}</RowLink>
          </span>
          <span className={classes.narrow}>
            <ItemCell item={item} />
          </span>
        </>
      ),
    },
    ...fields.map((field, index): Column<Item> => {
      const numeric = items.every(({ item }) => ["number", "bigint", "undefined"].includes(typeof fieldsOf(item).get(field)));
      return {
        key: `field ${field}`,
        header: field,
        numeric,
        from: index < 3 ? "sm" : "lg",
        cell: ({ item }) => toText(fieldsOf(item).get(field)),
      };
    }),
    LAST_CHANGED,
  ];
}

function ItemList() {
  const [params, change] = useUrlParams();
  const platform = params.get("platform");
  const search = params.get("search");
  const query = useQuery(itemsQuery({ platform, search, cursor: params.get("cursor"), limit: PAGE_SIZE }));
  const filtered = platform !== null || search !== null;
  return (
    <QueryView query={query} padded what="The items could not be read">
      {({ items, next }) =>
        items.length > 0 ? (
          <>
            <DataTable
              label="Items"
              columns={platform === null ? ANY_PLATFORM : columnsOf(items)}
              rows={items}
              rowKey={(item) => `${item.platform}/${item.key}`}
              stale={query.isPlaceholderData}
            />
            <Pager next={next} label="Pages of items" />
          </>
        ) : filtered ? (
          <Empty
            icon={<IconListSearch size={22} />}
            title="Nothing was found"
            action={
              <Button size="xs" variant="default" onClick={() => { change({ platform: null, search: null }); }}>
                Clear the search
              </Button>
            }
          >
            Another word or another platform may help.
          </Empty>
        ) : (
          <Empty icon={<IconListSearch size={22} />} title="There are no items yet" action={<Link to="/">To the dashboard</Link>}>
            Start a scrape there; what it finds can be searched here while it still runs.
          </Empty>
        )
      }
    </QueryView>
  );
}
