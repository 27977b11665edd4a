import { ActionIcon, AppShell, Burger, Menu, NavLink, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconDeviceDesktop,
  IconHistory,
  IconLayoutDashboard,
  IconListSearch,
  IconMoon,
  IconServerCog,
  IconSun,
  IconWorld,
} from "@tabler/icons-react";
import { Suspense, useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "react-router-dom";
import { ErrorBoundary } from "@/components/error-boundary";
import { LoadingLines } from "@/components/query-view";
import { ConnectionIndicator } from "@/features/connection/connection-indicator";
import { useActiveRuns } from "@/hooks/use-active-runs";
import { plural } from "@/lib/format";
import classes from "./shell.module.css";

const PAGES = [
  { to: "/", label: "Dashboard", icon: IconLayoutDashboard },
  { to: "/runs", label: "Scrape Runs", icon: IconHistory },
  { to: "/items", label: "Items", icon: IconListSearch },
  { to: "/platforms", label: "Platforms", icon: IconWorld },
  { to: "/system", label: "System", icon: IconServerCog },
];

/** What stands around every page: the way to the others, and how the page is connected. */
export function Shell({ children }: { children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const before = useRef(pathname);

  // A new page begins at its top, also for those who read it with the keyboard or by ear.
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    close();
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [close, pathname]);

  return (
    <AppShell
      layout="alt"
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={0}
    >
      <a className={classes.skip} href="#main">
        Skip to content
      </a>
      <AppShell.Header className={classes.header}>
        <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={opened ? "Close navigation" : "Open navigation"} />
        <Link to="/" className={classes.phoneBrand}>
          <Brand />
        </Link>
        <div className={classes.spacer} />
        <ConnectionIndicator />
        <ColorSchemeMenu />
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label="Main">
        <div className={classes.navHead}>
          <Link to="/" className={classes.brand}>
            <Brand />
          </Link>
          <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Close navigation" />
        </div>
        <Navigation pathname={pathname} />
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1} className={classes.main}>
        <div className={classes.page}>
          <ErrorBoundary page={pathname}>
            <Suspense fallback={<LoadingLines lines={6} />}>{children}</Suspense>
          </ErrorBoundary>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function Brand() {
  return (
    <>
      <img src="/trawl.svg" alt="" width={26} height={26} />
      <span>Trawl</span>
    </>
  );
}

function Navigation({ pathname }: { pathname: string }) {
  const { data: active = [] } = useActiveRuns();
  return (
    <ul className={classes.links}>
      {PAGES.map(({ to, label, icon: Icon }) => {
        const here = to === "/" ? pathname === "/" : pathname.startsWith(to);
        const running = to === "/runs" && active.length > 0;
        return (
          <li key={to}>
            <NavLink
              component={Link}
              to={to}
              label={label}
              active={here}
              aria-current={here ? "page" : undefined}
              leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
              rightSection={
                running && (
                  <span className={classes.running} title={`${plural(active.length, "run")} active`}>
                    {active.length}
                    <span className={classes.hidden}> active</span>
                  </span>
                )
              }
              className={classes.link}
            />
          </li>
        );
      })}
    </ul>
  );
}

const SCHEMES: { value: MantineColorScheme; label: string; icon: typeof IconSun }[] = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
];

function ColorSchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = SCHEMES.find(({ value }) => value === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end" shadow="md" width={170}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Colours">
          <Current size={18} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} stroke={1.7} />}
            aria-current={value === colorScheme || undefined}
            onClick={() => { setColorScheme(value); }}
            fw={value === colorScheme ? 600 : undefined}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
