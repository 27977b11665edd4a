import type { Item } from "@/api/items";
import { itemPreview, itemTitle } from "@/lib/item-summary";
import classes from "./item-cell.module.css";
import { RowLink } from "./row-link";

export function itemPath({ platform, key }: { platform: string; key: string }): string {
  return `/items/one?${new URLSearchParams({ platform, key }).toString()}`;
}

/** What the item is called, and a few of its fields. */
export function ItemCell({ item }: { item: Item }) {
  return (
    <span className={classes.cell}>
      <RowLink to={itemPath(item)}>{itemTitle(item.item, item.key)}</RowLink>
      <span className={classes.preview}>
        {itemPreview(item.item, item.key).map(({ field, value }) => (
          <span key={field}>
            <span className={classes.field}>{field}</span> {value}
          </span>
        ))}
      </span>
    </span>
  );
}
