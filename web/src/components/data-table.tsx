import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./data-table.module.css";

export interface Column<T> {
  key: string;
  header: ReactNode;
  cell: (row: T) => ReactNode;
  numeric?: boolean;
  /** Only on screens at least this wide; what it says is then told elsewhere, or can be done without. */
  from?: "xs" | "sm" | "md" | "lg" | "xl";
  width?: number | string;
}

interface Props<T> {
  /** What the table is of, for those who do not see it. */
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string | number;
  /** What is shown is of the question before. */
  stale?: boolean;
  /** The columns come from the data and may be too many for the screen. */
  scrolls?: boolean;
}

export function DataTable<T>({ label, columns, rows, rowKey, stale = false, scrolls = false }: Props<T>) {
  const table = (
    <Table className={classes.table} data-stale={stale || undefined} aria-label={label} aria-busy={stale}>
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ key, header, numeric, from, width }) => (
            <Table.Th key={key} visibleFrom={from} w={width} className={numeric ? "num" : undefined} scope="col">
              {header}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={rowKey(row)} className={classes.row}>
            {columns.map(({ key, cell, numeric, from }) => (
              <Table.Td key={key} visibleFrom={from} className={numeric ? "num" : undefined}>
                {cell(row)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
  if (!scrolls) return table;
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={`${label}, scrolls sideways`}>
      {table}
    </div>
  );
}
