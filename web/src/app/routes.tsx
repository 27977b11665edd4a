import { lazy } from "react";
import { Route, Routes } from "react-router-dom";
import { NotFound } from "./not-found";

const Dashboard = lazy(() => import("@/features/dashboard/dashboard"));
const ScrapeRuns = lazy(() => import("@/features/scrape-runs/list"));
const ScrapeRun = lazy(() => import("@/features/scrape-runs/detail"));
const Items = lazy(() => import("@/features/items/list"));
const ItemPage = lazy(() => import("@/features/items/item"));
const Platforms = lazy(() => import("@/features/platforms/platforms"));
const System = lazy(() => import("@/features/system/system"));

export function AppRoutes() {
  return (
    <Routes>
      <Route index element={<Dashboard />} />
      <Route path="runs" element={<ScrapeRuns />} />
      <Route path="runs/:id" element={<ScrapeRun />} />
      <Route path="items" element={<Items />} />
      <Route path="items/one" element={<ItemPage />} />
      <Route path="platforms" element={<Platforms />} />
      <Route path="system" element={<System />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
