import { Grid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSchedules } from "@/api/schedules";
import { daysQuery } from "@/api/stats";
import { PageHeader } from "@/components/page-header";
import { StartScrapeButton } from "@/components/start-scrape";
import { ActiveScrapes } from "./components/active-scrapes";
import { DaysPanel } from "./components/days-panel";
import { NextScheduled } from "./components/next-scheduled";
import { RecentRuns } from "./components/recent-runs";
import { TodayStrip } from "./components/today-strip";

const DAYS = 14;

export default function Dashboard() {
  // Not every server has them; then what they would fill is not there either.
  const days = useQuery(daysQuery(DAYS)).data ?? [];
  const schedules = useSchedules();
  return (
    <>
      <PageHeader title="Dashboard" subtitle="What runs now, and what came of it lately" actions={<StartScrapeButton />} />
      <Stack gap="md">
        <ActiveScrapes />
        {days.length > 0 && <TodayStrip days={days} />}
        {(days.length > 0 || schedules.length > 0) && (
          <Grid gutter="md">
            {days.length > 0 && (
              <Grid.Col span={{ base: 12, lg: schedules.length > 0 ? 8 : 12 }}>
                <DaysPanel days={days} />
              </Grid.Col>
            )}
            {schedules.length > 0 && (
              <Grid.Col span={{ base: 12, lg: days.length > 0 ? 4 : 12 }}>
                <NextScheduled schedules={schedules} />
              </Grid.Col>
            )}
          </Grid>
        )}
        <RecentRuns />
      </Stack>
    </>
  );
}
