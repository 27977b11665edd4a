import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router-dom";
import { runsQuery } from "@/api/runs";
import { Empty } from "@/components/empty";
import { Panel } from "@/components/panel";
import { QueryView } from "@/components/query-view";
import { RunTable } from "@/components/run-table";

const SHOWN = 8;

export function RecentRuns() {
  const runs = useQuery(runsQuery({ limit: SHOWN }));
  return (
    <Panel title="Recent runs" actions={<Link to="/runs">All runs</Link>} flush>
      <QueryView query={runs} padded what="The runs could not be read">
        {(list) =>
          list.runs.length > 0 ? (
            <RunTable label="Recent runs" runs={list.runs} />
          ) : (
            <Empty title="No runs yet">Each run will be listed here with what it found.</Empty>
          )
        }
      </QueryView>
    </Panel>
  );
}
